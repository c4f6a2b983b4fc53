/**
 * The demo, step by step: every claim of the product is made to happen and then audited from the
 * simulator's own bill. Any wrong figure throws.
 */

import { dataFolder, EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { isResolvable, type UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import OpenAI from 'openai';
import { type AdminClient, adminClient } from '../admin-client.ts';
import { assertEqual, type BillLine, type Figures, readBill, readEvents, sum } from './figures.ts';
import { type Started, startPlatform } from './platform.ts';
import { replay, type Shape } from './workload.ts';

export type DemoOptions = {
  data: string;
  proxies: number;
  shapes: readonly Shape[];
  speed: number;
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

const DEADLINE_MS = 60_000;
const HOUR_MS = 3_600_000;
const RACE_LIMIT = '0.010000000000';
const RACE_CALLS = 96;

export async function runDemo(options: DemoOptions): Promise<DemoResult & { platform: Started }> {
  const { say } = options;
  const startMs = Date.now() - 1_000;
  const platform = await startPlatform(options.data, options.proxies);
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

  const paths = dataFolder(options.data);
  const log = await openSqliteLog({
    path: paths.log,
    topic: 'usage',
    ordinal: 0,
    partitions: EMBEDDED_PARTITIONS,
  });
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

type Audit = {
  api: AdminClient;
  log: Parameters<typeof readEvents>[0];
  bill: () => BillLine[];
};

/** Nothing is on its way any more: every attempt in the bill has arrived, and no record follows. */
async function settled(audit: Audit): Promise<Map<string, UsageEvent>> {
  let events = new Map<string, UsageEvent>();
  let quietSinceMs = Date.now();
  await until('every attempt in the bill has its event', async () => {
    const now = await readEvents(audit.log);
    if (now.size !== events.size) quietSinceMs = Date.now();
    events = now;
    const missing = audit.bill().some((line) => !now.has(line.attempt_id ?? ''));
    return !missing && Date.now() - quietSinceMs > 3_000;
  });
  return events;
}

/** I1 before anything is reconciled. @returns how many attempts are unknown */
function checkBeforeImport(
  events: ReadonlyMap<string, UsageEvent>,
  say: (line: string) => void,
): number {
  const unknown = [...events.values()].filter((e) => e.type === 'attempt' && e.cost === null);
  const explained = new Set(['unknown', 'upstream_error', 'timeout', 'client_closed']);
  const odd = unknown.find(({ status }) => !explained.has(status));
  if (odd !== undefined) throw new Error(`attempt ${odd.id} is unknown, with status ${odd.status}`);
  const inFlight = unknown.filter(({ status }) => status === 'unknown').length;
  say(
    `Every attempt in the bill has its event; ${unknown.length} are unknown, ` +
      `${inFlight} of them in flight at the kill`,
  );
  return unknown.length;
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

async function importBill(api: AdminClient, bill: BillLine[], startMs: number): Promise<void> {
  const at = (ms: number) => new Date(ms).toISOString();
  const lines = bill.map(({ attempt_id, cost, ...line }) => ({
    attempt_id,
    input_tokens: line.input_tokens,
    cache_read_tokens: line.cache_read_tokens,
    cache_write_tokens: 0,
    output_tokens: line.output_tokens,
    reasoning_tokens: line.reasoning_tokens,
    audio_input_tokens: 0,
    audio_output_tokens: 0,
    images: 0,
    requests: line.requests,
    cost,
  }));
  const nowMs = Date.now();
  const result = await api.post<{ differing: string[]; pending: number }>('/v1/reconciliations', {
    provider: 'simulator',
    start: at(startMs),
    end: at(nowMs),
    // The simulator is idle, so its bill is complete for the hour to come as well.
    bill_start: at(startMs - HOUR_MS),
    bill_end: at(nowMs + HOUR_MS),
    lines,
  });
  if (result.pending > 0) throw new Error(`${result.pending} lines of the bill have no attempt`);
  if (result.differing.length > 0) {
    throw new Error(`the bill differs from what was stated for ${result.differing.join(', ')}`);
  }
}

/** Every resolvable attempt has its resolution, and no resolution has none. */
async function resolved(audit: Audit): Promise<Map<string, UsageEvent>> {
  let events = new Map<string, UsageEvent>();
  await until('every resolvable attempt is resolved', async () => {
    events = await readEvents(audit.log);
    const done = new Set([...events.values()].map((event) => event.resolves_id));
    return [...events.values()].every((event) => !isResolvable(event) || done.has(event.id));
  });
  for (const event of events.values()) {
    const target = event.resolves_id === null ? undefined : events.get(event.resolves_id);
    if (event.type === 'resolution' && (target === undefined || !isResolvable(target))) {
      throw new Error(`resolution ${event.id} has no resolvable target`);
    }
  }
  return events;
}

/** No phantom spend: nothing is held, and what is spent is the cost of the key's events. */
async function checkBudgets(
  api: AdminClient,
  keys: readonly Key[],
  events: ReadonlyMap<string, UsageEvent>,
): Promise<void> {
  for (const key of keys) {
    const { cost } = sum([...events.values()].filter((event) => event.key_id === key.id));
    let seen = '';
    await until(`budget of ${key.id} is level`, async () => {
      const { current } = await api.get<{ current: { spent: string; held: string } }>(
        `/v1/budgets/${key.budgetId}`,
      );
      seen = `spent ${current.spent}, held ${current.held}, events ${cost}`;
      return current.spent === cost && parseDecimal12(current.held) === 0n;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${seen}`);
    });
  }
}

async function rollups(api: AdminClient, startMs: number): Promise<Figures> {
  const range = `start=${new Date(startMs).toISOString()}&end=${new Date().toISOString()}`;
  let figures = sum([]);
  let before = '';
  // Late resolutions of a closed bucket show after the next roll-up pass.
  await until('the roll-ups are level', async () => {
    const { data } = await api.get<{ data: Figures[] }>(`/v1/usage?${range}`);
    figures = sum(data);
    const now = JSON.stringify(figures);
    const stable = now === before;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 700));
    return stable;
  });
  return figures;
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

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + DEADLINE_MS;
  while (!(await done())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
