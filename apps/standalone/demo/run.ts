/**
 * The demo, step by step: every claim of the product is made to happen and then audited from the
 * simulator's own bill. Any wrong figure throws.
 */

import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import OpenAI from 'openai';
import { type AdminClient, adminClient } from '../admin-client.ts';
import {
  checkBeforeImport,
  checkBudgets,
  importBill,
  resolved,
  rollups,
  settled,
  until,
} from './audit.ts';
import { assertEqual, type BillLine, type Figures, readBill, sum } from './figures.ts';
import { runningConfig, type Started, startPlatform } from './platform.ts';
import { replay, type Shape } from './workload.ts';

export type DemoOptions = {
  data: string;
  proxies: number;
  shapes: readonly Shape[];
  speed: number;
  /** A `tollgate.yaml` that names the engines; default: all embedded. */
  config?: string;
  say: (line: string) => void;
  progress: (line: string) => void;
};

type Key = { id: string; secret: string; budgetId: string };
type Party = { customerId: string; name: string; keys: Key[] };
type Invoice = {
  currency: string;
  total_minor: number;
  lines: (Figures & { description: string; model: string | null; amount_minor: number })[];
};

export type DemoResult = {
  places: Record<string, Figures>;
  calls: number;
  attempts: number;
  unknown_before_import: number;
  estimated: number;
  resolved: number;
  budget_limit: string;
  budget_spent: string;
  invoices: { customer: string; invoice: Invoice }[];
};

const RACE_LIMIT = '0.010000000000';
const RACE_CALLS = 96;
const quiet = { warn: () => undefined };

export async function runDemo(options: DemoOptions): Promise<DemoResult & { platform: Started }> {
  const { say } = options;
  const startMs = Date.now() - 1_000;
  const platform = await startPlatform(options);
  const api = adminClient(platform.apiUrl, platform.adminToken);
  say(`Running on ${platform.proxyUrl} (${options.proxies} proxies), API ${platform.apiUrl}`);
  const parties = [
    await createParty(api, 'Acme (drain on disconnect)', 200_000, 'drain'),
    await createParty(api, 'Globex (abort on disconnect)', 350_000, 'abort'),
  ];
  const tally = await replayWithKill(options, platform, parties);
  say(
    `${tally.sent} calls: ${tally.served} served, ${tally.aborted} given up by the client, ` +
      `${tally.failed} failed upstream or at the kill`,
  );
  const racer = await raceBudget(api, platform, parties[0] as Party, say);

  const stores = { config: runningConfig(options.data), clientId: 'tollgate-demo', logger: quiet };
  const log = await openLog({ ...stores, data: options.data }, 'usage');
  const audit = { api, log, bill: () => readBill(platform.bill) };
  const before = await settled(audit);
  const unknown = checkBeforeImport(before, say);
  checkRace(before, racer, say);
  await importBill(api, audit.bill(), startMs);
  const events = await resolved(audit);
  await checkBudgets(api, [...parties.flatMap(({ keys }) => keys), racer], events);
  say('Every budget holds 0 and has spent the cost of its events');
  const closed = await closeAll(api, parties);
  const places: Record<string, Figures> = {
    "simulator's bill": sum(audit.bill()),
    events: sum(events.values()),
    'roll-ups': await rollups(api, startMs),
    snapshot: closed.snapshot,
    invoice: closed.invoice,
  };
  assertEqual(places);
  await log.close();
  const all = [...events.values()];
  return {
    platform,
    places,
    calls: new Set(all.map((event) => event.call_id)).size,
    attempts: all.filter(({ type }) => type === 'attempt').length,
    unknown_before_import: unknown,
    estimated: all.filter((e) => e.type === 'attempt' && e.usage_source === 'estimated').length,
    resolved: all.filter(({ type }) => type === 'resolution').length,
    budget_limit: RACE_LIMIT,
    budget_spent: sum(racer.lines(audit.bill(), events)).cost,
    invoices: closed.invoices,
  };
}

async function createParty(
  api: AdminClient,
  name: string,
  markupPpm: number,
  onDisconnect: string,
): Promise<Party> {
  const customer = await api.post<{ id: string }>('/v1/customers', {
    name,
    markup_ppm: markupPpm,
  });
  const party: Party = { customerId: customer.id, name, keys: [] };
  for (const team of ['research', 'support']) {
    const { id } = await api.post<{ id: string }>('/v1/teams', {
      customer_id: customer.id,
      name: team,
    });
    party.keys.push(await createKey(api, customer.id, '500', { team_id: id, onDisconnect }));
  }
  return party;
}

async function createKey(
  api: AdminClient,
  customerId: string,
  limit: string,
  more: { team_id?: string; onDisconnect?: string } = {},
): Promise<Key> {
  const { onDisconnect = 'drain', ...team } = more;
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    customer_id: customerId,
    name: 'demo',
    environment: 'test',
    on_disconnect: onDisconnect,
    ...team,
  });
  const scope = { type: 'key', id: key.id };
  const budget = await api.post<{ id: string }>('/v1/budgets', { scope, limit });
  return { ...key, budgetId: budget.id };
}

/** Half way through, one proxy is killed with calls in flight. */
async function replayWithKill(options: DemoOptions, platform: Started, parties: Party[]) {
  const half = options.shapes.length / 2;
  let killed = false;
  const tally = await replay({
    proxyUrl: platform.proxyUrl,
    keys: parties.flatMap(({ keys }) => keys.map(({ secret }) => secret)),
    shapes: options.shapes,
    speed: options.speed,
    onProgress({ sent, served, failed, aborted }) {
      options.progress(
        `${sent}/${options.shapes.length} calls, ${served} served, ${failed} failed, ${aborted} aborted`,
      );
      if (killed || sent < half) return;
      killed = true;
      const [pid] = platform.proxyPids();
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      options.say(`Killed proxy ${pid} with SIGKILL; its journal will be taken over`);
    },
  });
  return tally;
}

/** Many calls at once, through all proxies, on a key whose budget pays for a few of them. */
async function raceBudget(
  api: AdminClient,
  platform: Started,
  party: Party,
  say: (line: string) => void,
) {
  const key = await createKey(api, party.customerId, RACE_LIMIT);
  await until('the new key works', async () => {
    const response = await fetch(`${platform.proxyUrl}/v1/models`, {
      headers: { authorization: `Bearer ${key.secret}` },
    });
    return response.ok;
  });
  const client = new OpenAI({
    apiKey: key.secret,
    baseURL: `${platform.proxyUrl}/v1`,
    maxRetries: 0,
  });
  const messages = [{ role: 'user' as const, content: 'How much can I spend?' }];
  const outcomes = await Promise.all(
    Array.from({ length: RACE_CALLS }, async () => {
      try {
        await client.chat.completions.create({
          model: 'sim-large',
          messages,
          max_completion_tokens: 60,
        });
        return null;
      } catch (error) {
        return error as { status?: number; error?: unknown; message: string };
      }
    }),
  );
  const refusals = outcomes.filter((outcome) => outcome !== null);
  if (!refusals.some(({ status }) => status === 402)) {
    throw new Error(`no call of ${RACE_CALLS} was refused with 402`);
  }
  say(
    `${RACE_CALLS} calls at once on a budget of $${RACE_LIMIT}: ` +
      `${RACE_CALLS - refusals.length} served, ${refusals.length} refused, for example with`,
  );
  say(`  402 ${JSON.stringify(refusals.find(({ status }) => status === 402)?.error)}`);
  /** The bill's lines for this key: the simulator knows attempts, the events know keys. */
  const lines = (bill: BillLine[], events: ReadonlyMap<string, UsageEvent>) =>
    bill.filter((line) => events.get(line.attempt_id ?? '')?.key_id === key.id);
  return { ...key, lines };
}

type Racer = Awaited<ReturnType<typeof raceBudget>>;

function checkRace(
  events: ReadonlyMap<string, UsageEvent>,
  racer: Racer,
  say: (line: string) => void,
): void {
  const bill = [...events.values()].filter((event) => event.key_id === racer.id);
  const { cost } = sum(bill);
  if (parseDecimal12(cost) > parseDecimal12(RACE_LIMIT)) {
    throw new Error(`the budget of $${RACE_LIMIT} was exceeded: $${cost}`);
  }
  say(`By the bill that key has spent $${cost}: not exceeded`);
}

async function closeAll(api: AdminClient, parties: readonly Party[]) {
  const at = new Date().toISOString();
  const invoices: DemoResult['invoices'] = [];
  const totals: Figures[] = [];
  for (const party of parties) {
    const { data } = await api.get<{ data: { id: string; status: string }[] }>(
      `/v1/periods?customer_id=${party.customerId}`,
    );
    const open = data.find(({ status }) => status === 'open');
    if (open === undefined) throw new Error(`${party.name} has no open period`);
    const closed = await api.post<{ snapshot_id: string; invoice_id: string }>(
      `/v1/periods/${open.id}/close`,
      { at },
    );
    const snapshot = await api.get<{ body: string }>(`/v1/snapshots/${closed.snapshot_id}`);
    const invoice = await api.get<Invoice>(`/v1/invoices/${closed.invoice_id}`);
    totals.push((JSON.parse(snapshot.body) as { totals: Figures }).totals);
    invoices.push({ customer: party.name, invoice });
  }
  const lines = invoices.flatMap(({ invoice }) => invoice.lines);
  return { snapshot: sum(totals), invoice: sum(lines), invoices };
}
