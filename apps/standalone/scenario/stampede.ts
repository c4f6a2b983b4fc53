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
import OpenAI from 'openai';
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

type Round = {
  number: number;
  kind: string;
  killed: boolean;
  keyId: string;
  budgets: (RoundBudget & { id: string })[];
  /** What became of the calls. */
  served: number;
  refused: number;
  /** By status and code, or the connection that was lost. */
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
};

const quiet = { warn: () => undefined };

/** @throws Error if a budget is exceeded, too little is let through, or a figure does not add up */
export async function runStampede(options: StampedeOptions): Promise<StampedeRow[]> {
  const { say } = options;
  const startMs = Date.now() - 1_000;
  const platform = await startPlatform(options);
  try {
    const api = adminClient(platform.apiUrl, platform.adminToken);
    say(`${options.proxies} proxies, ${options.callsPerRound} calls at once, in each round`);
    const rounds: Round[] = [];
    for (let number = 1; number <= options.rounds; number++) {
      rounds.push(await runRound(options, platform, api, number));
      options.progress(`round ${number} of ${options.rounds}`);
    }
    const stores = { config: runningConfig(options.data), clientId: 'stampede', logger: quiet };
    const log = await openLog({ ...stores, data: options.data }, 'usage');
    const audit = { api, log, bill: () => readBill(platform.bill) };
    const before = await settled(audit);
    checkBeforeImport(before, say);
    await importBill(api, audit.bill(), startMs);
    const events = await resolved(audit);
    await log.close();
    const rows = rounds.map((round) => checkRound(round, audit.bill(), events));
    for (const round of rounds) await checkLevel(round, audit.bill(), events, api);
    say('Every budget holds 0 and has spent what the bill says, to the last digit');
    return rows;
  } finally {
    await platform.stop();
  }
}

async function runRound(
  options: StampedeOptions,
  platform: Started,
  api: AdminClient,
  number: number,
): Promise<Round> {
  const [kind, budgets] = KINDS[(number - 1) % KINDS.length] as (typeof KINDS)[number];
  const ids = await createPath(api, number);
  const defined: Round['budgets'] = [];
  for (const budget of budgets) {
    const { scope, ...more } = budget;
    const body = { scope: { type: scope, id: ids[scope] }, window: 'total', ...more };
    const { id } = await api.post<{ id: string }>('/v1/budgets', body);
    defined.push({ ...budget, id });
  }
  // Half of the rounds of each kind.
  const killed = Math.floor((number - 1) / KINDS.length) % 2 === 1;
  await until('all proxies run', async () => platform.proxyPids().length === options.proxies);
  await follow(platform, ids.secret);
  const killer = killed ? killSoon(platform) : undefined;
  const tally = await stampede(platform, ids.secret, options.callsPerRound);
  await killer;
  return { number, kind, killed, keyId: ids.key, budgets: defined, ...tally };
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
async function follow(platform: Started, secret: string): Promise<void> {
  await until('the new key works', async () => {
    const headers = { authorization: `Bearer ${secret}` };
    return (await fetch(`${platform.proxyUrl}/v1/models`, { headers })).ok;
  });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

/** In the middle of the stampede, at a random moment of its first three seconds. */
async function killSoon(platform: Started): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3_000));
  const pids = platform.proxyPids();
  const pid = pids[Math.floor(Math.random() * pids.length)];
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

async function stampede(platform: Started, secret: string, calls: number) {
  const client = new OpenAI({
    ...{ apiKey: secret, baseURL: `${platform.proxyUrl}/v1`, maxRetries: 0, timeout: 120_000 },
  });
  const failures: Record<string, number> = {};
  const tally = { served: 0, refused: 0, failures };
  const call = async () => {
    try {
      await client.chat.completions.create({
        model: 'sim-large',
        messages: [{ role: 'user', content: 'Is there enough for all of us?' }],
        max_completion_tokens: OUTPUT_TOKENS_MAX,
        metadata: { sim_output_tokens: String(OUTPUT_TOKENS), sim_latency_ms: '2000' },
      });
      tally.served++;
    } catch (error) {
      const { status, code } = error as { status?: number; code?: string | null };
      const why = status === undefined ? 'connection' : `${status} ${code}`;
      if (status === 402) tally.refused++;
      else failures[why] = (failures[why] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: calls }, call));
  return tally;
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

function linesOf(
  round: Round,
  bill: readonly BillLine[],
  events: ReadonlyMap<string, UsageEvent>,
): BillLine[] {
  return bill.filter((line) => events.get(line.attempt_id ?? '')?.key_id === round.keyId);
}

function checkRound(
  round: Round,
  bill: readonly BillLine[],
  events: ReadonlyMap<string, UsageEvent>,
): StampedeRow {
  const { number, kind, killed, budgets, keyId } = round;
  const lines = linesOf(round, bill, events);
  const attempts = [...events.values()].filter((e) => e.type === 'attempt' && e.key_id === keyId);
  const fit = Math.min(...budgets.map((budget) => fitting(budget, attempts)));
  for (const budget of budgets) {
    const spent = billedIn(budget, lines);
    if (spent <= parseDecimal(budget.limit, 12)) continue;
    const { unit, limit } = budget;
    throw new Error(`round ${number}: ${formatDecimal12(spent)} ${unit} of ${limit} were billed`);
  }
  const least = Math.floor(fit * (killed ? 0.95 : 0.99));
  if (attempts.length < least) {
    throw new Error(`round ${number}: ${attempts.length} of ${fit} that fit were let through`);
  }
  const used = budgets.map(
    (budget) => Number(billedIn(budget, lines)) / Number(parseDecimal(budget.limit, 12)),
  );
  return {
    round: number,
    budget: kind,
    killed: killed ? 'a proxy' : '',
    served: round.served,
    refused: round.refused,
    failed: Object.entries(round.failures)
      .map(([why, count]) => `${count} × ${why}`)
      .join(', '),
    'let through': attempts.length,
    fit,
    'spent of limit': `${(Math.max(...used) * 100).toFixed(2)} %`,
  };
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
  bill: readonly BillLine[],
  events: ReadonlyMap<string, UsageEvent>,
  api: AdminClient,
): Promise<void> {
  const lines = linesOf(round, bill, events);
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
