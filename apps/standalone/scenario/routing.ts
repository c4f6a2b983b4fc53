/**
 * What routes and the cache save, in a day of traffic (docs/routing.md). The same calls are sent to a
 * simulator of its own as well, unrouted and uncached, and what that bills has to be what was spent and
 * saved, customer by customer, to the pico-dollar. Any wrong figure throws.
 */
import { mkdirSync } from 'node:fs';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { type Baseline, savingsSql } from '@tollgate/adapters/warehouse/queries/savings.ts';
import { type BillLine, sum } from '@tollgate/audit/bill/figures.ts';
import { importBill, resolved, settled, until } from '@tollgate/audit/bill/steps.ts';
import { formatDecimal12, parseDecimal, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { type TollgateConfig, tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import OpenAI from 'openai';
import { runningConfig, type Started, startPlatform } from '../platform-process.ts';
import { createKey } from './parties.ts';
import {
  ALPHA,
  ALPHA_FAULTS,
  BETA,
  CUSTOMERS,
  callsOfDay,
  DAY_ROUTES,
  type DayCall,
  QUESTIONS_MODEL,
} from './routing-day.ts';
import { configureProviders, type SimulatedProvider, startProviders } from './simulators.ts';

export type RoutingOptions = {
  /** Of the data, the bills and the configuration. */
  data: string;
  proxies: number;
  calls: number;
  say: (line: string) => void;
  progress: (line: string) => void;
};

export type SavingsRow = {
  customer: string;
  spent: string;
  saved_by_routes: string;
  saved_by_cache: string;
  without_either: string;
  simulator_bills: string;
};

export type RoutingResult = {
  rows: SavingsRow[];
  calls: number;
  attempts: number;
  hits: number;
  /** Calls of routes that had another attempt. */
  followed: number;
  sql: string;
};

/** What is asked of it comes neither through the product nor at its prices. */
const REFERENCE = 'reference';
const CONCURRENCY = 32;

const quiet = { warn: () => undefined };

export async function runRouting(
  options: RoutingOptions,
): Promise<RoutingResult & { platform: Started }> {
  const { data, proxies, say } = options;
  const startMs = Date.now() - 1_000;
  mkdirSync(data, { recursive: true });
  const providers = await startProviders(data, [ALPHA, BETA, REFERENCE]);
  const [alpha, beta, reference] = providers as [
    SimulatedProvider,
    SimulatedProvider,
    SimulatedProvider,
  ];
  const rules = [{ models: [QUESTIONS_MODEL] }];
  const base = tollgateConfig.parse({ routes: DAY_ROUTES, cache: { rules } });
  const config = configureProviders(data, base, [alpha, beta]);
  const started = await startPlatform({ data, proxies, config, bill: alpha.billFile });
  const platform: Started = {
    ...started,
    async stop() {
      await started.stop();
      await Promise.all(providers.map((provider) => provider.stop()));
    },
  };
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const customers = await createCustomers(api);
  say(`Running on ${platform.proxyUrl} (${proxies} proxies), API ${platform.apiUrl}`);
  const day = callsOfDay(options.calls);
  await sendDay(options, platform, alpha, customers, day);
  say(`${day.length} calls, all of them served`);

  const running = runningConfig(data);
  const log = await openLog({ config: running, data, clientId: 'routing', logger: quiet }, 'usage');
  const spent = () => [...alpha.bill(), ...beta.bill()];
  const audit = { api, log, bill: spent };
  await settled(audit);
  for (const { name, bill } of [alpha, beta]) await importBill(api, bill(), startMs, name);
  const events = await resolved(audit);
  await log.close();
  const baselines = baselinesOf(running);
  await sendUnrouted(reference, day, baselines);
  say(`The same calls, each to one model and none from a cache: ${reference.bill().length} calls`);

  const sql = savingsSql(baselines.map(({ prices }) => prices));
  const rows = await readSavings(api, sql, events.size, startMs);
  const named = rows.map((row) => ({
    ...row,
    customer: customers.find(({ id }) => id === row.customer)?.name ?? row.customer,
    simulator_bills: sum(linesOf(reference.bill(), customers, row.customer)).cost,
  }));
  check(named, sum(spent()).cost, sum(reference.bill()).cost);
  await checkUsage(api, rows, startMs);
  return { platform, rows: named, sql, ...countsOf([...events.values()]) };
}

type Customer = { id: string; name: string; secret: string };

async function createCustomers(api: AdminClient): Promise<Customer[]> {
  const made: Customer[] = [];
  for (const { name } of CUSTOMERS) {
    const { id } = await api.post<{ id: string }>('/v1/customers', { name });
    const { secret } = await createKey(api, id, '500');
    made.push({ id, name, secret });
  }
  return made;
}

async function sendDay(
  { progress }: RoutingOptions,
  platform: Started,
  alpha: SimulatedProvider,
  customers: readonly Customer[],
  day: readonly DayCall[],
): Promise<void> {
  const clients = customers.map(({ secret }) => client(`${platform.proxyUrl}/v1`, secret));
  await until('the newest key works', async () => {
    const headers = { authorization: `Bearer ${customers.at(-1)?.secret}` };
    return (await fetch(`${platform.proxyUrl}/v1/models`, { headers })).ok;
  });
  await alpha.steer({ seed: 1 });
  for (let hour = 0; hour < 24; hour++) {
    const { fault, share } = ALPHA_FAULTS[hour] ?? { fault: 'none', share: 1 };
    await alpha.steer({ fault, fault_rate: share });
    const calls = day.filter((call) => call.hour === hour);
    await eachOf(calls, (call) => send(clients[call.customer] as OpenAI, call.name, call));
    progress(`${String(hour).padStart(2, '0')}:00, ${calls.length} calls`);
  }
}

/** Past the product. The id of a call tells whose it is. */
async function sendUnrouted(
  reference: SimulatedProvider,
  day: readonly DayCall[],
  baselines: readonly RouteBaseline[],
): Promise<void> {
  const direct = client(`${reference.url}/v1`, 'any');
  await eachOf(day, (call, index) => {
    const model = baselines.find(({ prices }) => prices.route === call.name)?.model ?? call.name;
    return send(direct, model, call, { 'x-client-request-id': `${call.customer}.${index}` });
  });
}

function client(baseURL: string, apiKey: string): OpenAI {
  return new OpenAI({ baseURL, apiKey, timeout: 60_000, maxRetries: 0 });
}

async function send(
  to: OpenAI,
  model: string,
  { body, stream }: DayCall,
  headers: Record<string, string> = {},
): Promise<void> {
  if (!stream) {
    await to.chat.completions.create({ ...body, model }, { headers });
    return;
  }
  const chunks = await to.chat.completions.create({ ...body, model, stream }, { headers });
  let last: string | null | undefined;
  for await (const { choices } of chunks) last = choices[0]?.finish_reason ?? last;
  if (last == null) throw new Error(`a stream of ${model} broke off`);
}

/** With bounded concurrency. @throws what the first one that fails throws */
async function eachOf<T>(all: readonly T[], work: (one: T, index: number) => Promise<void>) {
  let next = 0;
  const worker = async () => {
    while (next < all.length) {
      const index = next++;
      await work(all[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

type RouteBaseline = { model: string; prices: Baseline };

/** Of each route the candidate with the highest price of output, which is good enough for all of its calls. */
function baselinesOf({ routes, prices }: TollgateConfig): RouteBaseline[] {
  return Object.entries(routes).map(([route, { candidates }]) => {
    const priced = candidates.flatMap(({ model }) => prices.filter((one) => one.model === model));
    const [highest] = priced.sort((a, b) => (outputPrice(a) < outputPrice(b) ? 1 : -1));
    if (highest?.input === undefined || highest.output === undefined) {
      throw new Error(`no candidate of ${route} has a price`);
    }
    const { model, input, output, cache_read: cacheRead = input } = highest;
    return { model, prices: { route, input, cacheRead, output } };
  });
}

function outputPrice({ output = '0' }: TollgateConfig['prices'][number]): bigint {
  return parseDecimal(output, 12);
}

type SqlRow = Omit<SavingsRow, 'simulator_bills'>;

/** @param events that the warehouse must have before it is asked */
async function readSavings(
  api: AdminClient,
  sql: string,
  events: number,
  startMs: number,
): Promise<SqlRow[]> {
  const range = `start=${new Date(startMs).toISOString()}&end=${new Date().toISOString()}`;
  await until('every event is in the warehouse', async () => {
    const { data } = await api.get<{ data: { events: number }[] }>(`/v1/usage?${range}`);
    return data[0]?.events === events;
  });
  const { rows } = await api.post<{ rows: unknown[][] }>('/v1/sql', { sql });
  return rows.map((row) => {
    const [customer, spent, saved_by_routes, saved_by_cache, without_either] = row.map(String);
    return { customer, spent, saved_by_routes, saved_by_cache, without_either } as SqlRow;
  });
}

function linesOf(lines: readonly BillLine[], customers: readonly Customer[], id: string) {
  const index = customers.findIndex((customer) => customer.id === id);
  return lines.filter(({ attempt_id }) => attempt_id?.startsWith(`${index}.`));
}

function check(rows: readonly SavingsRow[], billed: string, unrouted: string): void {
  for (const { customer, without_either, simulator_bills } of rows) {
    if (without_either === simulator_bills) continue;
    const found = `spent and saved are ${without_either}, the simulator bills ${simulator_bills}`;
    throw new Error(`${customer}: ${found}`);
  }
  const total = (pick: (row: SavingsRow) => string) =>
    formatDecimal12(rows.reduce((all, row) => all + parseDecimal12(pick(row)), 0n));
  const spent = total((row) => row.spent);
  if (spent !== billed) throw new Error(`spent ${spent}, and the providers billed ${billed}`);
  const all = total((row) => row.without_either);
  if (all !== unrouted)
    throw new Error(`without either ${all}, and the simulator bills ${unrouted}`);
}

/** The roll-ups say the same of spend and cache. */
async function checkUsage(api: AdminClient, rows: readonly SqlRow[], startMs: number) {
  const range = `start=${new Date(startMs).toISOString()}&end=${new Date().toISOString()}`;
  const path = `/v1/usage?${range}&group_by=customer_id`;
  const expected = rows.map((row) => `${row.customer} ${row.spent} ${row.saved_by_cache}`).sort();
  let found: string[] = [];
  await until('the usage by customer says the same', async () => {
    type Row = { customer_id: string; cost: string; saved_cost: string };
    const { data } = await api.get<{ data: Row[] }>(path);
    found = data.map((row) => `${row.customer_id} ${row.cost} ${row.saved_cost}`).sort();
    return JSON.stringify(found) === JSON.stringify(expected);
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${found.join('; ')}, not ${expected.join('; ')}`);
  });
}

function countsOf(events: readonly UsageEvent[]) {
  const attempts = events.filter(({ type }) => type === 'attempt');
  const hits = events.filter(({ type }) => type === 'cache_hit');
  return {
    calls: new Set([...attempts, ...hits].map(({ call_id }) => call_id)).size,
    attempts: attempts.length,
    hits: hits.length,
    followed: new Set(attempts.filter(({ attempt }) => attempt > 1).map((e) => e.call_id)).size,
  };
}
