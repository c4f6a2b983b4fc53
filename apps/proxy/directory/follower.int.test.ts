import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { LedgerFollower } from './follower.ts';

it('calls that wait in vain for a ledger that is away leave nothing behind', async () => {
  const ledger: Pick<Ledger, 'subscribe'> = {
    async *subscribe({ signal }) {
      await once(signal, 'abort');
      yield* [];
    },
  };
  const follower = new LedgerFollower({
    ledger: ledger as Ledger,
    prefixes: [],
    limits: { ...proxyLimits, ledgerCatchUpTimeoutMs: 5 },
    apply: () => undefined,
    onLost: () => undefined,
  });
  void follower.start();
  await sleep(20);
  const probe = setTimeout(() => undefined, 0);
  const timer = probe.constructor as new () => object;
  clearTimeout(probe);
  const before = queryObjects(timer, { format: 'count' });
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 500 }, () => follower.catchUp()));
  }
  expect(queryObjects(timer, { format: 'count' }) - before).toBeLessThan(500);
  await follower.stop();
});
