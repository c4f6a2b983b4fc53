/** The RateStore's contract on the counters that a supervisor has, over a channel as a child's. */
import { RateCounters } from '@tollgate/adapters/rates/rate-counters.ts';
import { rateSeat } from '@tollgate/adapters/rates/rate-desk.ts';
import { createSupervisedRates } from '@tollgate/adapters/rates/supervised-rates.ts';
import { expect, it } from 'vitest';
import { ratesContract } from './rates.ts';

function storeOver(counters: RateCounters, seat = rateSeat(counters)) {
  let listen: (message: { type?: string }) => void = () => undefined;
  // Both ways through text, as between processes.
  const copy = <T>(message: T): T => JSON.parse(JSON.stringify(message));
  return createSupervisedRates({
    onMessage: (listener) => {
      listen = listener;
    },
    send: (message) =>
      setImmediate(() => seat.hear(copy(message), (answer) => setImmediate(listen, copy(answer)))),
  });
}

ratesContract('embedded', async () => storeOver(new RateCounters(Date.now)));

// litellm#20256, #28160: slots of processes that died were never free again.
it('a process that has ended has no slots', async () => {
  const counters = new RateCounters(Date.now);
  const seat = rateSeat(counters);
  const claim = { counter: 'c', limit: 4, want: 4, used: 4 };
  await storeOver(counters, seat).claim({ ...claim, owner: 'dead' });
  const other = storeOver(counters);
  const wanting = { ...claim, owner: 'other', used: 0 };
  expect(await other.claim(wanting)).toEqual({ slots: 0, leaseMs: null });
  seat.leave();
  expect(await other.claim(wanting)).toEqual({ slots: 4, leaseMs: null });
});

it('a store that cannot count says so, and answers what else was asked', async () => {
  const store = storeOver(new RateCounters(Date.now, undefined, 1));
  const take = { lengthMs: 60_000, limit: 1, smoothing: false, need: 1, most: 1 };
  const [first, second] = await Promise.allSettled([
    store.take({ ...take, counter: 'a' }),
    store.take({ ...take, counter: 'b' }),
  ]);
  expect([first.status, second]).toMatchObject([
    'fulfilled',
    { reason: { message: 'too many counters of rates' } },
  ]);
});
