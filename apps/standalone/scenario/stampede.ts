/**
 * Rounds of far more calls at once than a budget can pay for, through several proxies; some proxies
 * are killed meanwhile (I3). In every round no budget on the path is exceeded by the simulator's own
 * bill, and nearly all that fits is let through.
 */
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { type BillLine, readBill } from '@tollgate/audit/bill/figures.ts';
import {
  checkBeforeImport,
  importBill,
  resolved,
  settled,
  until,
} from '@tollgate/audit/bill/steps.ts';
import {
  formatDecimal12,
  PICO_PER_UNIT,
  parseDecimal,
  parseDecimal12,
} from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { runningConfig, type Started, startPlatform } from '../platform-process.ts';

export type StampedeOptions = {
  data: string;
  config?: string;
  proxies: number;
  rounds: number;
  callsPerRound: number;
  say: (line: string) => void;
  progress: (line: string) => void;
};

/** One budget on the path of a round's key. */
type RoundBudget = {
  unit: string;
  basis?: string;
  scope: 'key' | 'team' | 'customer';
  limit: string;
};

/** What one call can cost at most, and does: about ten cents of `sim-large`. */
const OUTPUT_TOKENS_MAX = 10_000;
const OUTPUT_TOKENS = 9_900;
const MARKUP_PPM = 250_000;

const KINDS: readonly (readonly [name: string, budgets: readonly RoundBudget[]])[] = [
  ['$5 of a key', [{ unit: 'usd', scope: 'key', limit: '5' }]],
  ['500,000 tokens of a team', [{ unit: 'tokens', scope: 'team', limit: '500000' }]],
  [
    'four on the path',
    [
      { unit: 'usd', scope: 'key', limit: '5' },
      { unit: 'usd', basis: 'billed', scope: 'customer', limit: '6' },
      { unit: 'tokens', scope: 'team', limit: '700000' },
      { unit: 'requests', scope: 'customer', limit: '60' },
    ],
  ],
];

/** A key with the budgets on its path, made before anything runs. */
type Path = {
  number: number;
  kind: string;
  killed: boolean;
  keyId: string;
  secret: string;
  budgets: (RoundBudget & { id: string })[];
};

type Round = Path & {
  seconds: number;
  /** What became of the calls. */
  served: number;
  refused: number;
  /** By status and code, or the connection that was lost for good. */
  failures: Record<string, number>;
};

export type StampedeRow = {
  round: number;
  budget: string;
  killed: string;
  served: number;
  refused: number;
  failed: string;
  'let through': number;
  fit: number;
  /** Of the budget that is nearest to its limit. */
  'spent of limit': string;
  /** From the first call to the last answer. */
  seconds: number;
};

export type StampedeResult = {
  rows: StampedeRow[];
  /** A budget that was exceeded, too little that was let through, a refusal that was none. */
  violations: string[];
};

/** Keys that are made at once. */
const MADE_AT_ONCE = 4;
/** A client whose connection was lost tries again after so long, ms, as SDKs do. */
const AGAIN_AFTER_MS = [500, 1_000, 2_000, 4_000, 4_000];

const quiet = { warn: () => undefined };

/** @throws Error if a figure does not add up, or something remains held */
export async function runStampede(options: StampedeOptions): Promise<StampedeResult> {
  const { say } = options;
  const startMs = Date.now() - 1_000;
  const platform = await startPlatform(options);
  try {
    const api = adminClient(platform.apiUrl, platform.adminToken);
    say(`${options.proxies} proxies, ${options.callsPerRound} calls at once, in each round`);
    const paths = await makePaths(api, options.rounds);
    await follow(platform, paths);
    const rounds: Round[] = [];
    for (const path of paths) {
      rounds.push(await runRound(options, platform, path));
      options.progress(`round ${path.number} of ${options.rounds}`);
    }
    const stores = { config: runningConfig(options.data), clientId: 'stampede', logger: quiet };
    const log = await openLog({ ...stores, data: options.data }, 'usage');
    const audit = { api, log, bill: () => readBill(platform.bill) };
    const before = await settled(audit);
    checkBeforeImport(before, say);
    await importBill(api, audit.bill(), startMs);
    const events = await resolved(audit);
    await log.close();
    const bill = linesByKey(audit.bill(), events);
    const checked = rounds.map((round) => checkRound(round, bill.get(round.keyId) ?? [], events));
    for (const round of rounds) await checkLevel(round, bill.get(round.keyId) ?? [], api);
    say('Every budget holds 0 and has spent what the bill says, to the last digit');
    return {
      rows: checked.map(({ row }) => row),
      violations: checked.flatMap(({ violations }) => violations),
    };
  } finally {
    await platform.stop();
  }
}

async function makePaths(api: AdminClient, rounds: number): Promise<Path[]> {
  const paths: Path[] = [];
  for (let from = 1; from <= rounds; from += MADE_AT_ONCE) {
    const numbers = Array.from(
      { length: Math.min(MADE_AT_ONCE, rounds + 1 - from) },
      (_, i) => from + i,
    );
    paths.push(...(await Promise.all(numbers.map((number) => makePath(api, number)))));
  }
  return paths;
}

async function makePath(api: AdminClient, number: number): Promise<Path> {
  const [kind, budgets] = KINDS[(number - 1) % KINDS.length] as (typeof KINDS)[number];
  const ids = await createPath(api, number);
  const defined: Path['budgets'] = [];
  for (const budget of budgets) {
    const { scope, ...more } = budget;
    const body = { scope: { type: scope, id: ids[scope] }, window: 'total', ...more };
    const { id } = await api.post<{ id: string }>('/v1/budgets', body);
    defined.push({ ...budget, id });
  }
  // Half of the rounds of each kind.
  const killed = Math.floor((number - 1) / KINDS.length) % 2 === 1;
  return { number, kind, killed, keyId: ids.key, secret: ids.secret, budgets: defined };
}

async function runRound(options: StampedeOptions, platform: Started, path: Path): Promise<Round> {
  await until('all proxies run', async () => platform.proxyPids().length === options.proxies);
  const startedMs = performance.now();
  const [tally] = await Promise.all([
    stampede(platform, path.secret, options.callsPerRound),
    path.killed ? killSoon(platform) : undefined,
  ]);
  return { ...path, ...tally, seconds: (performance.now() - startedMs) / 1_000 };
}

async function createPath(api: AdminClient, number: number) {
  const create = (path: string, body: object) => api.post<{ id: string }>(path, body);
  const name = `round ${number}`;
  const { id: customer } = await create('/v1/customers', { name, markup_ppm: MARKUP_PPM });
  const { id: team } = await create('/v1/teams', { customer_id: customer, name });
  const { id: key, secret } = await api.post<{ id: string; secret: string }>('/v1/keys', {
    ...{ customer_id: customer, team_id: team, name, environment: 'test' },
  });
  return { customer, team, key, secret };
}

/** A definition binds every proxy within a second of its answer. */
async function follow(platform: Started, paths: readonly Path[]): Promise<void> {
  const last = paths.at(-1)?.secret ?? '';
  await until('the new keys work', async () => {
    const headers = { authorization: `Bearer ${last}` };
    return (await fetch(`${platform.proxyUrl}/v1/models`, { headers })).ok;
  });
  await pause(1_000);
}

/** In the middle of the stampede, at a random moment of its first two seconds. */
async function killSoon(platform: Started): Promise<void> {
  await pause(Math.random() * 2_000);
  const pids = platform.proxyPids();
  const first = Math.floor(Math.random() * pids.length);
  const inTurn = [...pids.slice(first), ...pids.slice(0, first)];
  if (!inTurn.some(kill)) throw new Error('no proxy is left to be killed');
}

/** @returns false: it has ended by itself, and its supervisor does not know yet */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

const BODY = JSON.stringify({
  model: 'sim-large',
  messages: [{ role: 'user', content: 'Is there enough for all of us?' }],
  max_completion_tokens: OUTPUT_TOKENS_MAX,
  metadata: { sim_output_tokens: String(OUTPUT_TOKENS), sim_latency_ms: '1000' },
});

/** Plain requests: a thousand clients at once must not take the processor from what is tested. */
async function stampede(platform: Started, secret: string, calls: number) {
  const failures: Record<string, number> = {};
  const tally = { served: 0, refused: 0, failures };
  const call = async () => {
    const outcome = await outcomeOf(`${platform.proxyUrl}/v1/chat/completions`, secret);
    if (outcome === '200') tally.served++;
    else if (outcome.startsWith('402')) tally.refused++;
    else failures[outcome] = (failures[outcome] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: calls }, call));
  return tally;
}

/** Status and code of an answer; of a connection that was lost until the client gave up: that. */
async function outcomeOf(url: string, secret: string): Promise<string> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  for (const againMs of [...AGAIN_AFTER_MS, null]) {
    const response = await fetch(url, { method: 'POST', headers, body: BODY }).catch(() => null);
    if (response !== null) {
      const body = await response.json().catch(() => null);
      if (response.ok) return body === null ? 'connection lost in an answer' : '200';
      return `${response.status} ${(body as { error?: { code?: string } } | null)?.error?.code}`;
    }
    if (againMs !== null) await pause(againMs * (0.5 + Math.random()));
  }
  return 'connection';
}

/** In 1e-12 of the unit, as the bill has it. */
function billedIn({ unit, basis }: RoundBudget, lines: readonly BillLine[]): bigint {
  let total = 0n;
  for (const line of lines) {
    const { input_tokens, cache_read_tokens, output_tokens, reasoning_tokens } = line;
    const tokens = input_tokens + cache_read_tokens + output_tokens + reasoning_tokens;
    const cost = parseDecimal12(line.cost);
    if (unit === 'tokens') total += BigInt(tokens) * PICO_PER_UNIT;
    else if (unit === 'requests') total += PICO_PER_UNIT;
    else if (basis === 'billed') total += (cost * BigInt(1e6 + MARKUP_PPM) + 999_999n) / 1_000_000n;
    else total += cost;
  }
  return total;
}

/** The simulator knows attempts, the events know keys. */
function linesByKey(
  bill: readonly BillLine[],
  events: ReadonlyMap<string, UsageEvent>,
): ReadonlyMap<string, BillLine[]> {
  const byKey = new Map<string, BillLine[]>();
  for (const line of bill) {
    const keyId = events.get(line.attempt_id ?? '')?.key_id;
    if (keyId === undefined || keyId === null) continue;
    byKey.set(keyId, [...(byKey.get(keyId) ?? []), line]);
  }
  return byKey;
}

function checkRound(
  round: Round,
  lines: readonly BillLine[],
  events: ReadonlyMap<string, UsageEvent>,
): { row: StampedeRow; violations: string[] } {
  const { number, kind, killed, budgets, keyId, failures } = round;
  const violations: string[] = [];
  const attempts = [...events.values()].filter((e) => e.type === 'attempt' && e.key_id === keyId);
  const fit = Math.min(...budgets.map((budget) => fitting(budget, attempts)));
  for (const budget of budgets) {
    const spent = billedIn(budget, lines);
    if (spent <= parseDecimal(budget.limit, 12)) continue;
    const { unit, limit } = budget;
    violations.push(`round ${number}: ${formatDecimal12(spent)} ${unit} of ${limit} were billed`);
  }
  const least = Math.floor(fit * (killed ? 0.95 : 0.99));
  if (attempts.length < least) {
    violations.push(`round ${number}: ${attempts.length} of ${fit} that fit were let through`);
  }
  const failed = Object.entries(failures).map(([why, count]) => `${count} × ${why}`);
  // What is exhausted says so: only a proxy that was killed is a reason for another answer.
  if (!killed && failed.length > 0) violations.push(`round ${number}: ${failed.join(', ')}`);
  const used = budgets.map(
    (budget) => Number(billedIn(budget, lines)) / Number(parseDecimal(budget.limit, 12)),
  );
  const row = {
    round: number,
    budget: kind,
    killed: killed ? 'a proxy' : '',
    served: round.served,
    refused: round.refused,
    failed: failed.join(', '),
    'let through': attempts.length,
    fit,
    'spent of limit': `${(Math.max(...used) * 100).toFixed(2)} %`,
    seconds: Math.round(round.seconds * 10) / 10,
  };
  return { row, violations };
}

/** How many calls a budget can pay for at their worst case, which all of them share. */
function fitting(budget: RoundBudget, attempts: readonly UsageEvent[]): number {
  const unit = budget.basis === 'billed' ? `usd+${MARKUP_PPM}ppm` : budget.unit;
  const [sample] = attempts;
  if (sample === undefined) throw new Error('no call was let through');
  let hold = 0n;
  for (const [index, held] of sample.hold_amounts.entries()) {
    if (sample.hold_units[index] === unit) hold += parseDecimal12(held);
  }
  if (hold === 0n) throw new Error(`an attempt held nothing in ${unit}`);
  return Number(parseDecimal(budget.limit, 12) / hold);
}

/** No phantom spend, in any unit. */
async function checkLevel(
  round: Round,
  lines: readonly BillLine[],
  api: AdminClient,
): Promise<void> {
  for (const budget of round.budgets) {
    const should = formatDecimal12(billedIn(budget, lines));
    let seen = '';
    const what = `the ${budget.unit} budget of round ${round.number} is level at ${should}`;
    const isLevel = async () => {
      const { current } = await api.get<{ current: { spent: string; held: string } }>(
        `/v1/budgets/${budget.id}`,
      );
      seen = `spent ${current.spent}, held ${current.held}`;
      return current.spent === should && parseDecimal12(current.held) === 0n;
    };
    await until(what, isLevel, () => seen).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${seen}`);
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
