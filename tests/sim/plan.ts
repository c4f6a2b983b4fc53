/**
 * What a seed makes of a history: budgets, calls, and what goes wrong and when. Each kind of fault is
 * there in some histories and absent in others, since faults hide one another.
 */
import type { Window, Zone } from './calendar.ts';
import { WINDOWS, ZONES } from './calendar.ts';
import type { NetworkFaults } from './network.ts';
import { Random } from './random.ts';
import type { DiskSpeed } from './sim-journal.ts';
import type { ProviderHabits } from './sim-provider.ts';

export type Unit = 'usd' | 'tokens' | 'requests';
export type PlannedBudget = {
  id: string;
  unit: Unit;
  /** Of tokens. */
  counts: 'total' | 'input' | 'output';
  /** Of USD: with the customer's mark-up. */
  isBilled: boolean;
  window: Window;
  zone: Zone;
  /** 1e-12 of the unit. */
  limit: bigint;
  /** A template: each end user has the whole limit. */
  isPerEndUser: boolean;
};

export type PlannedCall = {
  atMs: number;
  /** Which proxy gets it. */
  slot: number;
  /** Indexes of the budgets on its path. */
  path: readonly number[];
  endUser: string | null;
  inputTokensMax: number;
  outputTokensMax: number;
  /** After so long its client leaves, ms; null: it stays. */
  clientLeavesMs: number | null;
  onDisconnect: 'drain' | 'abort';
};

export type PlannedFault = { atMs: number; slot: number } & (
  | { kind: 'kill'; restartMs: number }
  /** It dies when it asks the world for something for the nth time from now on. */
  | { kind: 'kill_at_ask'; asks: number; restartMs: number }
  | { kind: 'stop'; forMs: number }
  /** SIGTERM. */
  | { kind: 'leave'; restartMs: number }
  | { kind: 'clock'; byMs: number }
);

export type PlannedChange = { atMs: number; budget: number } & (
  | { kind: 'limit'; limit: bigint; diesBetween: boolean }
  | { kind: 'archive' }
  | { kind: 'restore' }
  /** For so long, ms. */
  | { kind: 'raise'; amount: bigint; forMs: number; diesBetween: boolean }
  /** The last one that was not ended, if there is any. */
  | { kind: 'end_raise'; diesBetween: boolean }
  /** Null: it does not end. */
  | { kind: 'top_up'; amount: bigint; forMs: number | null; diesBetween: boolean }
);

export type Plan = {
  /** What UTC says when the world begins. */
  beginMs: number;
  /** How long calls come and things go wrong, ms. */
  spanMs: number;
  slots: number;
  budgets: readonly PlannedBudget[];
  calls: readonly PlannedCall[];
  faults: readonly PlannedFault[];
  changes: readonly PlannedChange[];
  ledger: NetworkFaults;
  log: NetworkFaults;
  disk: DiskSpeed;
  provider: ProviderHabits;
  /** When the resolver looks, ms. */
  resolverAtMs: readonly number[];
  /** How late proxies learn of a changed budget, ms. */
  viewMs: readonly [number, number];
};

/** Pico-dollars a million tokens: halves of a pico-dollar a token, so that costs are rounded. */
export const PRICE = { input: 2_500_000n, output: 10_000_000n };
/** What the customer pays above cost. */
export const MARKUP_PPM = 123_457;
const MILLION = 1_000_000n;
const PICO = 10n ** 12n;

/** A Monday and a Tuesday with a new month: midnights that days, weeks and months end at. */
const MIDNIGHTS = [Date.UTC(2026, 10, 30), Date.UTC(2026, 11, 1), Date.UTC(2027, 2, 1)];
const HOUR_MS = 3_600_000;
const INPUT_MAX = 400;
const OUTPUT_MAX = 600;

type Counting = Pick<PlannedBudget, 'unit' | 'counts' | 'isBilled'>;
type Tokens = { inputTokens: number; outputTokens: number };

/** What an attempt costs, pico-dollars; of an upper bound, rounded up. */
export function costOf({ inputTokens, outputTokens }: Tokens, isBound: boolean): bigint {
  const exact = BigInt(inputTokens) * PRICE.input + BigInt(outputTokens) * PRICE.output;
  return (exact + (isBound ? MILLION - 1n : MILLION / 2n)) / MILLION;
}

/** What usage is in a budget. */
export function amountOf(budget: Counting, tokens: Tokens, isBound: boolean): bigint {
  const { unit, counts, isBilled } = budget;
  if (unit === 'requests') return PICO;
  if (unit === 'tokens') {
    const input = counts === 'output' ? 0 : tokens.inputTokens;
    const output = counts === 'input' ? 0 : tokens.outputTokens;
    return BigInt(input + output) * PICO;
  }
  const cost = costOf(tokens, isBound);
  if (!isBilled) return cost;
  return (cost * (MILLION + BigInt(MARKUP_PPM)) + MILLION - 1n) / MILLION;
}

export function planOf(seed: number): Plan {
  const random = new Random(seed ^ 0x5eed);
  const zone = random.pick(ZONES);
  const spanMs = random.spread(4_000, 40_000);
  const midnight = random.pick(MIDNIGHTS) - zone.offsetMs;
  const slots = random.int(1, 8);
  // With randomness of their own: a seed means the history that it meant before there were templates.
  const ofEndUsers = new Random(seed ^ 0xe05e);
  const budgets = budgetsOf(random, zone, ofEndUsers);
  const calls = callsOf(random, slots, budgets.length, spanMs, ofEndUsers);
  return {
    beginMs: Math.floor(midnight - random.between(-0.2, 1) * spanMs),
    spanMs,
    slots,
    budgets,
    calls,
    faults: faultsOf(random, slots, spanMs),
    changes: [
      ...changesOf(random, budgets, spanMs),
      // Drawn apart: a seed keeps the rest of the history that it had.
      ...changesForATime(new Random(seed ^ 0xc4ed17), budgets, spanMs),
    ],
    ledger: networkOf(random, spanMs),
    log: networkOf(random, spanMs),
    disk: {
      writeMs: [0.1, random.spread(0.2, 20)],
      stalls: random.chance(0.3) ? random.spread(0.001, 0.05) : 0,
    },
    provider: {
      overruns: random.chance(0.3) ? random.spread(0.02, 0.5) : 0,
      trouble: random.chance(0.7) ? random.spread(0.02, 0.6) : 0,
      answerMs: [random.spread(2, 200), random.spread(200, 9_000)],
    },
    resolverAtMs: timesOf(random, random.int(0, 3), spanMs + 20_000),
    viewMs: [10, random.spread(20, 3_000)],
  };
}

function budgetsOf(random: Random, zone: Zone, ofEndUsers: Random): PlannedBudget[] {
  const typical = { inputTokens: INPUT_MAX / 2, outputTokens: OUTPUT_MAX / 2 };
  return Array.from({ length: random.int(1, 4) }, (_, index) => {
    const counting: Counting = {
      unit: random.pick<Unit>(['usd', 'usd', 'tokens', 'requests']),
      counts: random.pick(['total', 'total', 'input', 'output']),
      isBilled: random.chance(0.3),
    };
    const calls = Math.round(random.spread(1, 60) * 16);
    const limit = (amountOf(counting, typical, true) * BigInt(calls)) / 16n;
    const isPerEndUser = ofEndUsers.chance(0.25);
    const window = random.pick(WINDOWS);
    return { id: `bud_${index}`, ...counting, window, zone, limit, isPerEndUser };
  });
}

const END_USERS = [null, 'anna', 'ben'];

function callsOf(
  random: Random,
  slots: number,
  budgets: number,
  spanMs: number,
  ofEndUsers: Random,
): PlannedCall[] {
  const count = Math.round(random.spread(4, 90));
  const leaves = random.chance(0.4) ? random.spread(0.02, 0.5) : 0;
  const paths = Array.from({ length: random.int(1, 3) }, () => pathOf(random, budgets));
  const small = random.chance(0.3);
  const calls: PlannedCall[] = [];
  while (calls.length < count) {
    // They come in crowds.
    const atMs = random.between(0, spanMs);
    const widthMs = random.spread(1, 3_000);
    for (let more = Math.round(random.spread(1, 20)); more > 0; more--) {
      calls.push({
        atMs: atMs + random.between(0, widthMs),
        slot: random.int(0, slots - 1),
        path: random.pick(paths),
        endUser: ofEndUsers.pick(END_USERS),
        inputTokensMax: random.int(1, small ? INPUT_MAX / 20 : INPUT_MAX),
        outputTokensMax: random.int(1, small ? OUTPUT_MAX / 20 : OUTPUT_MAX),
        clientLeavesMs: random.chance(leaves) ? random.spread(1, 10_000) : null,
        onDisconnect: random.pick(['drain', 'abort']),
      });
    }
  }
  return calls;
}

/** Some of the budgets, at least one, in any order. */
function pathOf(random: Random, budgets: number): number[] {
  const left = Array.from({ length: budgets }, (_, index) => index);
  const path: number[] = [];
  for (let wanted = random.int(1, budgets); wanted > 0; wanted--) {
    path.push(...left.splice(random.int(0, left.length - 1), 1));
  }
  return path;
}

function faultsOf(random: Random, slots: number, spanMs: number): PlannedFault[] {
  const faults: PlannedFault[] = [];
  const at = () => ({ atMs: random.between(0, spanMs), slot: random.int(0, slots - 1) });
  const some = (probability: number, most: number) =>
    Array.from({ length: random.chance(probability) ? random.int(1, most) : 0 });
  const restartMs = () => random.spread(50, 8_000);
  for (const _ of some(0.4, 3)) faults.push({ ...at(), kind: 'kill', restartMs: restartMs() });
  for (const _ of some(0.6, 8)) {
    const asks = Math.round(random.spread(1, 60));
    faults.push({ ...at(), kind: 'kill_at_ask', asks, restartMs: restartMs() });
  }
  for (const _ of some(0.4, 3)) {
    faults.push({ ...at(), kind: 'stop', forMs: random.spread(50, 25_000) });
  }
  for (const _ of some(0.3, 3)) faults.push({ ...at(), kind: 'leave', restartMs: restartMs() });
  for (const _ of some(0.4, 3)) {
    const byMs = random.pick([-1, 1]) * random.spread(100, 26 * HOUR_MS);
    faults.push({ ...at(), kind: 'clock', byMs: Math.round(byMs) });
  }
  return faults;
}

function changesOf(
  random: Random,
  budgets: readonly PlannedBudget[],
  spanMs: number,
): PlannedChange[] {
  const changes: PlannedChange[] = [];
  const at = () => ({
    atMs: random.between(0, spanMs),
    budget: random.int(0, budgets.length - 1),
  });
  const limits = random.chance(0.4) ? random.int(1, 4) : 0;
  for (let count = 0; count < limits; count++) {
    const where = at();
    const { limit } = budgets[where.budget] as PlannedBudget;
    const sixteenths = BigInt(random.int(0, 40));
    const diesBetween = random.chance(0.3);
    changes.push({ ...where, kind: 'limit', limit: (limit * sixteenths) / 16n, diesBetween });
  }
  if (random.chance(0.1)) changes.push({ ...at(), kind: 'archive' });
  return changes;
}

/** Raises and, of a budget for all time, credit; some are over before they can be used. */
function changesForATime(
  random: Random,
  budgets: readonly PlannedBudget[],
  spanMs: number,
): PlannedChange[] {
  const changes: PlannedChange[] = [];
  for (const [budget, { limit, window }] of budgets.entries()) {
    const at = () => ({ atMs: random.between(0, spanMs), budget });
    const some = (probability: number, most: number) =>
      Array.from({ length: random.chance(probability) ? random.int(1, most) : 0 });
    const amount = () => (limit * BigInt(random.int(1, 32))) / 16n + 1n;
    const forMs = () => Math.round(random.spread(50, 1.5 * spanMs));
    const diesBetween = () => random.chance(0.3);
    for (const _ of some(0.3, 3)) {
      const raise = { amount: amount(), forMs: forMs(), diesBetween: diesBetween() };
      changes.push({ ...at(), kind: 'raise', ...raise });
      if (random.chance(0.3)) {
        changes.push({ ...at(), kind: 'end_raise', diesBetween: diesBetween() });
      }
    }
    for (const _ of some(window === 'total' ? 0.7 : 0, 4)) {
      const lasts = random.chance(0.8) ? forMs() : null;
      const topUp = { amount: amount(), forMs: lasts, diesBetween: diesBetween() };
      changes.push({ ...at(), kind: 'top_up', ...topUp });
    }
    if (random.chance(0.1)) changes.push({ ...at(), kind: 'restore' });
  }
  return changes;
}

function networkOf(random: Random, spanMs: number): NetworkFaults {
  const rate = (probability: number, most: number) =>
    random.chance(probability) ? random.spread(0.005, most) : 0;
  const outages = timesOf(random, random.chance(0.2) ? random.int(1, 2) : 0, spanMs);
  return {
    latencyMs: [0.2, random.spread(0.5, 400)],
    lost: rate(0.4, 0.08),
    answerLost: rate(0.5, 0.15),
    late: rate(0.4, 0.08),
    twice: rate(0.4, 0.3),
    outages: outages.map((fromMs) => ({ fromMs, toMs: fromMs + random.spread(100, 15_000) })),
  };
}

function timesOf(random: Random, count: number, spanMs: number): number[] {
  return Array.from({ length: count }, () => random.between(0, spanMs));
}
