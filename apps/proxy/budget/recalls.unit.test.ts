/** Calls that wait for what lies elsewhere: how they ask for it, and what they are told, and when. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { holdOf, useMemoryBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';
import { WatchedLedger } from '../testing/watched-ledger.ts';
import type { BudgetBook, BudgetHold } from './budget-book.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const { grantTimeoutMs, leaseReturnWaitMs, leaseReturnAgainMs, leaseScarceIdleMs, leaseSweepMs } =
  proxyLimits;
const { grantConflictsAtOnce, leaseReturnPollMs } = proxyLimits;

/** What calls were told so far, in order. */
let said: string[];
let definition: BudgetDefinition;
beforeEach(async () => {
  said = [];
  definition = await books().define();
});

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const STREAM = ({ budget_id }: BudgetDefinition) => `budget-${budget_id}@19700101T000000Z`;
const recalls = async () =>
  (await books().window(definition)).filter((event) => event.startsWith('LeaseRecallRequested'));

function ask(book: BudgetBook, amount: bigint): void {
  const outcome = book.hold([wanted(definition, amount)], Date.now());
  void outcome.then(({ kind }) => said.push(`${amount} ${kind}`));
}

/** So many times a slice that is reduced meets an event of another proxy. */
function comeFirst(ledger: WatchedLedger, times: number): void {
  let left = times;
  ledger.beforeAppend = async (stream, { type }) => {
    if (type !== 'LeaseReduced' || left === 0) return;
    const { length } = await books().ledger.read(stream);
    const data = { instance_id: 'ins_third', amount: '0.000000000500' };
    const recall = { id: `recall ${left--}`, type: 'LeaseRecallRequested', data };
    await books().ledger.append(stream, BigInt(length - 1), [recall]);
  };
}

/** Calls that use up the whole budget, each a slice of its own. */
async function useAll(book: BudgetBook): Promise<BudgetHold[][]> {
  const running: BudgetHold[][] = [];
  while (running.length < 16) running.push(await holdOf(book, definition, 1_000n));
  return running;
}

describe('a slice that no call uses', () => {
  it('goes back when a call elsewhere needs it, although much is left, before that call is refused', async () => {
    const [one, other] = [await books().open(), await books().open()];
    one.start();
    one.cancel(await holdOf(one, definition, 10n));
    ask(other, 15_500n);
    await pass(leaseReturnWaitMs - 1);
    expect(said).toEqual(['15500 held']);
    expect(await books().window(definition)).toEqual([
      ...['WindowOpened 16000', 'LeaseGranted lse_1 1000', 'LeaseRecallRequested 500'],
      ...['LeaseSettled lse_1 0', 'LeaseGranted lse_2 15500'],
    ]);
    await one.stop();
  });

  it('goes back although its own proxy waits for more, whichever began first', async () => {
    for (const isFirst of [true, false]) {
      definition = await books().define();
      const both = [await books().open(), await books().open()] as const;
      const [busy, poor] = isFirst ? both : (both.toReversed() as unknown as typeof both);
      const running = await holdOf(await books().open(), definition, 12_000n);
      busy.cancel(await holdOf(busy, definition, 3_000n));
      for (const book of both) book.start();
      ask(busy, 14_000n);
      await pass(1);
      ask(poor, 2_000n);
      await pass(leaseReturnWaitMs - 1);
      expect(said.splice(0)).toContain('2000 held');
      expect(running).toHaveLength(1);
      for (const book of both) await Promise.all([book.stop(), pass(leaseReturnAgainMs)]);
    }
  });

  it('goes back as the free part of a slice whose calls go on', async () => {
    const [one, other] = [await books().open(), await books().open()];
    one.start();
    const running = await holdOf(one, definition, 10n);
    ask(other, 15_500n);
    await pass(leaseReturnWaitMs - 1);
    expect(said).toEqual(['15500 held']);
    for (const { account, parts } of running) account.release(parts, [7n]);
    await one.stop();
    expect(await books().window(definition)).toEqual([
      ...['WindowOpened 16000', 'LeaseGranted lse_1 1000', 'LeaseRecallRequested 500'],
      ...['LeaseReduced lse_1 10', 'LeaseGranted lse_2 15500', 'LeaseSettled lse_1 7'],
    ]);
  });

  it('goes back once, although the ledger does not answer at first', async () => {
    const ledger = new WatchedLedger();
    const one = await books().open({ between: ledger.between(books().ledger) });
    const other = await books().open();
    one.start();
    const running = await holdOf(one, definition, 10n);
    ledger.beforeAppend = (_, { type }) => {
      ledger.fault = type === 'LeaseReduced' ? 'lost' : null;
    };
    ask(other, 15_500n);
    await pass(leaseReturnWaitMs - 1);
    expect(said).toEqual(['15500 held']);
    expect([running.length, one.leasesOf(STREAM(definition))[0]?.amount]).toEqual([1, 10n]);
    const window = await books().window(definition);
    expect(window.filter((event) => event.startsWith('LeaseReduced'))).toHaveLength(1);
  });

  it('goes back at once as such a part, although other events come first', async () => {
    const ledger = new WatchedLedger();
    const one = await books().open({ between: ledger.between(books().ledger) });
    const other = await books().open();
    one.start();
    const running = await holdOf(one, definition, 10n);
    comeFirst(ledger, grantConflictsAtOnce);
    ask(other, 15_500n);
    await pass(leaseSweepMs + 2 * leaseReturnPollMs);
    expect([said, running.length]).toEqual([['15500 held'], 1]);
    await Promise.all([one.stop(), pass(leaseReturnAgainMs)]);
  });

  it('serves a call, although a free part that its own proxy gives back meets other events', async () => {
    const ledger = new WatchedLedger();
    const one = await books().open({ between: ledger.between(books().ledger) });
    const idle = await books().open();
    idle.start();
    const running = await holdOf(one, definition, 10n);
    idle.cancel(await holdOf(idle, definition, 500n));
    comeFirst(ledger, grantConflictsAtOnce + 1);
    ask(one, 15_900n);
    await pass(leaseReturnWaitMs - 1);
    expect([said, running.length]).toEqual([['15900 held'], 1]);
    await idle.stop();
  });

  it('I3: is not one that a call uses: that stays, and the call elsewhere is refused', async () => {
    const [one, other] = [await books().open(), await books().open()];
    one.start();
    const running = await useAll(one);
    ask(other, 500n);
    await pass(leaseReturnWaitMs + proxyLimits.leaseReturnPollMs);
    expect(said).toEqual(['500 exceeded']);
    expect((await books().window(definition)).filter((e) => e.includes('Settled'))).toEqual([]);
    for (const holds of running) one.cancel(holds);
    await one.stop();
  });
});

it('of all proxies that wait, one asks, and not again for a while', async () => {
  const [one, ...others] = await Promise.all(Array.from({ length: 5 }, () => books().open()));
  const running = await useAll(one as BudgetBook);
  for (const book of others) ask(book, 500n);
  await pass(leaseReturnWaitMs - 1);
  expect(await recalls()).toHaveLength(1);
  await pass(leaseReturnAgainMs + 2 * proxyLimits.leaseReturnPollMs);
  expect(said).toEqual(Array.from({ length: 4 }, () => '500 exceeded'));
  for (const book of others) ask(book, 500n);
  await pass(leaseReturnWaitMs);
  expect(await recalls()).toHaveLength(2);
  expect(running).toHaveLength(16);
});

describe('a call for which too little is left', () => {
  it('is refused in time, and not told that nothing is known, although slices trickle back', async () => {
    const [one, other] = [await books().open(), await books().open()];
    one.start();
    const running = await useAll(one);
    ask(other, 12_000n);
    for (let second = 0; second * 1_000 < 2 * grantTimeoutMs; second++) {
      one.cancel(running[second] ?? []);
      ask(other, 1_000n);
      await pass(1_000);
    }
    await pass(leaseScarceIdleMs + leaseSweepMs);
    const count = (told: string) => said.filter((one) => one === told).length;
    expect([count('12000 exceeded'), count('1000 held'), said.length]).toEqual([1, 10, 11]);
    await one.stop();
  });

  it('is refused, although the ledger stops answering then', async () => {
    const ledger = new WatchedLedger();
    const one = await books().open();
    const other = await books().open({ between: ledger.between(books().ledger) });
    const running = await useAll(one);
    ask(other, 4_000n);
    await pass(proxyLimits.leaseReturnPollMs / 2);
    const answer = ledger.hold();
    await pass(grantTimeoutMs);
    expect(said).toEqual(['4000 exceeded']);
    answer();
    await pass(leaseReturnAgainMs);
    expect(running).toHaveLength(16);
  });

  it('does not wait for one budget while another on its path is known to refuse it', async () => {
    const later = await books().define({ limit: 5n });
    const [one, other] = [await books().open(), await books().open()];
    const running = await useAll(one);
    await expect(holdOf(other, later, 10n)).rejects.toThrow('exceeded');
    const requests = [wanted(definition, 500n), wanted(later, 10n)];
    const refused = await other.hold(requests, Date.now());
    expect(refused.kind === 'exceeded' && refused.account.definition).toBe(later);
    expect(running).toHaveLength(16);
  });
});
