/**
 * One run of the rates: the product as a user starts it, with several proxies and one of the stores,
 * two keys that have both limits each, and clients that never stop to ask. The store is killed (or, as
 * the supervisor cannot be killed without its proxies, stopped) in the middle.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { startValkey, type ValkeyEngine } from '../engines/valkey.ts';
import type { Limits, Load, StartedCall } from './minutes.ts';

export type StoreName = 'embedded' | 'valkey';

export type RunOptions = {
  store: StoreName;
  proxies: number;
  clients: number;
  minutes: number;
  /** How long the store is away, ms; 0: it is not. */
  outageMs: number;
  limits: Limits;
  say: (text: string) => void;
};

export type RunResult = {
  calls: StartedCall[];
  load: Load;
  /** Answers by status. */
  answers: Map<number, number>;
};

/** The first is limited by its requests, the second by its tokens. */
export const MODELS = ['sim-small', 'sim-large'] as const;
const OUTPUT_TOKENS = [8, 150] as const;

const MINUTE_MS = 60_000;
/** Before the end of the minute in the middle in which the store goes: its limits are used by then. */
const OUTAGE_AT_MS = 20_000;
/** A client that was refused asks again after this, ms. */
const AGAIN_MS = { least: 100, most: 300 };

export async function runRates(options: RunOptions): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-rates-'));
  const engine = options.store === 'valkey' ? await startValkey() : null;
  let platform: Started | undefined;
  try {
    const config = engine === null ? {} : { config: configFor(engine, folder) };
    platform = await startPlatform({
      data: join(folder, 'data'),
      proxies: options.proxies,
      ...config,
    });
    const keys = await makeKeys(adminClient(platform.apiUrl, platform.adminToken), options.limits);
    const store = engine ?? stoppable(platform.supervisorPid());
    const answers = new Map<number, number>();
    const load = await drive(platform.proxyUrl, keys, store, answers, options);
    return { calls: startedCalls(platform.bill), load, answers };
  } finally {
    await platform?.stop();
    await engine?.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

function configFor(engine: ValkeyEngine, folder: string): string {
  const url = join(folder, 'valkey-url');
  const config = join(folder, 'tollgate.yaml');
  writeFileSync(url, engine.url, { mode: 0o600 });
  writeFileSync(config, `engines: { rates: { valkey: { url: { file: ${url} } } } }\n`);
  return config;
}

async function makeKeys(api: AdminClient, limits: Limits): Promise<string[]> {
  const { id } = await api.post<{ id: string }>('/v1/customers', { name: 'rates' });
  const secrets: string[] = [];
  for (const model of MODELS) {
    const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
      ...{ customer_id: id, name: model, environment: 'test' },
    });
    const scope = { type: 'key', id: key.id };
    const limit = (measure: string, limit: number) =>
      api.post('/v1/rate_limits', { scope, measure, limit });
    await limit('requests', limits.requests);
    await limit('total_tokens', limits.tokens);
    secrets.push(key.secret);
  }
  return secrets;
}

type Interruptible = { kill(): unknown; start(): unknown };

/** The embedded store is in the supervisor: its proxies run on without an answer. */
function stoppable(pid: number): Interruptible {
  return {
    kill: () => process.kill(pid, 'SIGSTOP'),
    start: () => process.kill(pid, 'SIGCONT'),
  };
}

async function drive(
  proxyUrl: string,
  keys: readonly string[],
  store: Interruptible,
  answers: Map<number, number>,
  { clients, minutes, outageMs, say }: RunOptions,
): Promise<Load> {
  // Every proxy has followed the ledger by then.
  await sleep(1_500);
  const firstMs = (Math.floor(Date.now() / MINUTE_MS) + 1) * MINUTE_MS;
  const untilMs = firstMs + minutes * MINUTE_MS;
  const fromMs = Date.now();
  say(`calls until ${new Date(untilMs).toISOString()}`);
  const running = Array.from({ length: clients }, (_, i) =>
    client(proxyUrl, keys, i % keys.length, untilMs, answers),
  );
  let outage: Load['outage'] = null;
  if (outageMs > 0) {
    const middleMs = firstMs + Math.floor(minutes / 2) * MINUTE_MS;
    await sleep(middleMs + OUTAGE_AT_MS - Date.now());
    outage = { fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY };
    say('the store goes away');
    await store.kill();
    await sleep(outageMs);
    await store.start();
    outage.untilMs = Date.now();
    say('the store is back');
  }
  await Promise.all(running);
  return { fromMs, untilMs, outage };
}

async function client(
  proxyUrl: string,
  keys: readonly string[],
  which: number,
  untilMs: number,
  answers: Map<number, number>,
): Promise<void> {
  const body = JSON.stringify({
    model: MODELS[which],
    messages: [{ role: 'user', content: 'How many calls are there in a minute?' }],
    max_completion_tokens: OUTPUT_TOKENS[which],
    metadata: { sim_output_tokens: String(OUTPUT_TOKENS[which]) },
  });
  const headers = {
    authorization: `Bearer ${keys[which]}`,
    'content-type': 'application/json',
    // Each call may come to another proxy.
    connection: 'close',
  };
  while (Date.now() < untilMs) {
    const answer = await fetch(`${proxyUrl}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body,
    });
    await answer.arrayBuffer();
    answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
    if (!answer.ok) {
      await sleep(AGAIN_MS.least + Math.random() * (AGAIN_MS.most - AGAIN_MS.least));
    }
  }
}

type BillLine = { model: string; started_at: string } & Record<
  'input_tokens' | 'cache_read_tokens' | 'output_tokens' | 'reasoning_tokens',
  number
>;

function startedCalls(bill: string): StartedCall[] {
  return readFileSync(bill, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((text) => {
      const line = JSON.parse(text) as BillLine;
      const { input_tokens, cache_read_tokens, output_tokens, reasoning_tokens } = line;
      const tokens = input_tokens + cache_read_tokens + output_tokens + reasoning_tokens;
      return { model: line.model, startedMs: Date.parse(line.started_at), tokens };
    });
}
