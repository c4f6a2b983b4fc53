/** Slices that lie where no call needs them, while a call elsewhere does. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { expect, it } from 'vitest';
import { holdOf, useBooks } from '../testing/book-house.ts';

const books = useBooks();

const QUICK = {
  leaseSweepMs: 50,
  leaseScarceIdleMs: 50,
  leaseReturnPollMs: 10,
  leaseReturnWaitMs: 5_000,
};

/** Two proxies whose slices go back by time; `stop` them. */
async function twoProxies(limits: Partial<typeof QUICK> = {}) {
  const both = [
    await books().open({ limits: { ...QUICK, ...limits } }),
    await books().open({ limits: { ...QUICK, ...limits } }),
  ] as const;
  for (const book of both) book.start();
  return { both, stop: () => Promise.all(both.map((book) => book.stop())) };
}

it('a call that the budget could pay is served, although an idle slice lies with another proxy', async () => {
  const definition = await books().define();
  const { both, stop } = await twoProxies();
  const [one, other] = both;
  one.cancel(await holdOf(one, definition, 12_000n));
  const holds = await holdOf(other, definition, 12_000n);
  other.cancel(holds);
  await stop();
});

it('25 calls in turns through two proxies are served, as one proxy would serve them', async () => {
  const definition = await books().define();
  const { both, stop } = await twoProxies();
  const refused: string[] = [];
  // Each may cost 6,000 of 16,000 and costs 100, so that all of them cost 2,500.
  for (let call = 0; call < 25; call++) {
    const book = both[call % 2] as (typeof both)[0];
    const holds = await holdOf(book, definition, 6_000n).catch((error: Error) => {
      refused.push(`${call} ${error.message}`);
      return [];
    });
    for (const { account, parts } of holds) {
      account.release(
        parts,
        parts.map((_, index) => (index === 0 ? 100n : 0n)),
      );
    }
  }
  await stop();
  expect(refused).toEqual([]);
});

it('of two calls that wait for each other’s slices one is served, and then the other', async () => {
  const definition = await books().define();
  // Nothing goes back by time.
  const { both, stop } = await twoProxies({ leaseScarceIdleMs: 60_000 });
  for (const book of both) book.cancel(await holdOf(book, definition, 7_000n));
  const said = await Promise.all(
    both.map(async (book) => {
      const holds = await holdOf(book, definition, 14_000n);
      // Long enough for the other one to see that it has to wait.
      await new Promise((resolve) => setTimeout(resolve, 100));
      book.cancel(holds);
      await book.stop();
      return 'held';
    }),
  );
  expect(said).toEqual(['held', 'held']);
  await stop();
});

it('I3: slices that are in use do not come back: the call is refused in time, and the next at once', async () => {
  const definition = await books().define();
  const limits = { ...QUICK, leaseReturnWaitMs: 200 };
  let reads = 0;
  const read: Ledger['read'] = (...args) => {
    reads++;
    return books().ledger.read(...args);
  };
  const [one, other] = [
    await books().open({ limits }),
    await books().open({ limits, between: { read } }),
  ];
  const running = await holdOf(one, definition, 12_000n);
  await expect(holdOf(other, definition, 12_000n)).rejects.toThrow('exceeded');
  reads = 0;
  await expect(holdOf(other, definition, 11_999n)).rejects.toThrow('exceeded');
  // A wait looks many times.
  expect(reads).toBe(1);
  one.cancel(running);
  await Promise.all([one.stop(), other.stop()]);
});

it('a call that no slice elsewhere could serve is refused without a wait', async () => {
  const definition = await books().define();
  const { both, stop } = await twoProxies({ leaseReturnWaitMs: 2 ** 31 - 1 });
  const [one, other] = both;
  one.cancel(await holdOf(one, definition, 12_000n));
  await expect(holdOf(other, definition, 16_001n)).rejects.toThrow('exceeded');
  await stop();
});
