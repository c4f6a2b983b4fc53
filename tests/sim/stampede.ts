/**
 * Far more calls at once than four budgets on their path can pay for, through several proxies, over a
 * ledger that is slow and loses nothing: how many of those that fit are let through, and what the others
 * are told. The real book of budgets of each proxy, in simulated time.
 */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { BudgetBook, type HoldRequest } from '@tollgate/proxy/budget/budget-book.ts';
import { pathBudget } from '@tollgate/proxy/budget/path-budget.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { defineBudget } from '@tollgate/proxy/testing/budget-house.ts';
import { Network } from './network.ts';
import { SimLedger } from './sim-ledger.ts';
import { Process, World } from './world.ts';

export type StampedeOptions = {
  seed: number;
  proxies: number;
  calls: number;
  /** They come within this, ms. */
  withinMs: number;
  /** How long each runs, ms. */
  callMs: number;
  /** One way to the ledger at most, ms; a quarter of it at least. A journal is as slow as that at most. */
  ledgerMs: number;
};

export type StampedeOutcome = {
  held: number;
  exceeded: number;
  unavailable: number;
  /** How many the budgets can pay for at their worst case. */
  fit: number;
  /** By stream, what became of grants and slices. */
  errors: string[];
};

/** Limit and worst case of a call, in 1e-12: dollars, tokens, dollars with a mark-up, requests. */
const BUDGETS: readonly (readonly [limit: bigint, amount: bigint])[] = [
  [5n * 10n ** 12n, 100_800n * 10n ** 6n],
  [700_000n * 10n ** 12n, 10_070n * 10n ** 12n],
  [6n * 10n ** 12n, 126_000n * 10n ** 6n],
  [60n * 10n ** 12n, 10n ** 12n],
];
/** All are served or refused by then, ms. */
const LASTS_MS_MAX = 60_000;

export async function stampede(options: StampedeOptions): Promise<StampedeOutcome> {
  const { seed, proxies, calls, withinMs, ledgerMs } = options;
  const world = new World(seed, Date.UTC(2026, 10, 30), false);
  const faults = { lost: 0, answerLost: 0, late: 0, twice: 0, outages: [] };
  const latencyMs = [ledgerMs / 4, ledgerMs] as const;
  const ledger = new SimLedger(
    world,
    new Network(world, { ...faults, latencyMs }),
    () => undefined,
  );
  const fit = Math.min(...BUDGETS.map(([limit, amount]) => Number(limit / amount)));
  const outcome: StampedeOutcome = { held: 0, exceeded: 0, unavailable: 0, fit, errors: [] };
  const putBack = world.install();
  try {
    const path = await definePath(ledger);
    let leases = 0;
    for (let proxy = 0; proxy < proxies; proxy++) {
      const process = new Process(`proxy ${proxy}`);
      const diskMs = () => world.random.spread(1, Math.max(2, ledgerMs / 4));
      const write = () =>
        new Promise<void>((resolve) => void world.in(diskMs(), process, () => resolve()));
      const book = new BudgetBook({
        ...{ ledger: ledger.of(process), journal: { write }, instanceId: `ins_${proxy}` },
        newLeaseId: () => `lse_${++leases}`,
        limits: proxyLimits,
        onError: (error, stream) => outcome.errors.push(`${stream}: ${error}`),
      });
      world.in(0, process, () => book.start());
      for (let call = proxy; call < calls; call += proxies) {
        const atMs = world.random.between(0, withinMs);
        world.in(atMs, process, () => void make(book, path, options, outcome));
      }
    }
    const isOver = () => outcome.held + outcome.exceeded + outcome.unavailable === calls;
    await world.runUntil(LASTS_MS_MAX, isOver);
  } finally {
    putBack();
  }
  return outcome;
}

async function definePath(ledger: SimLedger): Promise<HoldRequest[]> {
  const append: Ledger['append'] = async (stream, expected, events) =>
    ledger.append(stream, expected, events, null);
  const path: HoldRequest[] = [];
  for (const [index, [limit, amount]] of BUDGETS.entries()) {
    const definition = await defineBudget({ append } as Ledger, `bud_${index}`, { limit });
    path.push({ ...pathBudget(definition, 0), amount, endUser: null });
  }
  return path;
}

/** A call that is held uses nearly all of its worst case. */
async function make(
  book: BudgetBook,
  path: readonly HoldRequest[],
  { callMs }: StampedeOptions,
  counts: StampedeOutcome,
): Promise<void> {
  const outcome = await book.hold(path, Date.now());
  counts[outcome.kind]++;
  if (outcome.kind === 'unavailable') counts.errors.push(String(outcome.cause));
  if (outcome.kind !== 'held') return;
  setTimeout(() => {
    for (const { account, parts } of outcome.holds) {
      account.release(
        parts,
        parts.map(({ amount }) => (amount * 99n) / 100n),
      );
    }
  }, callMs);
}
