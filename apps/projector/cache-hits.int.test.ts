/** What hits of the cache cost and saved, from the log to the views that people read. */
import { cacheHitEvent } from '@tollgate/domain/usage/event/cache-hit-event.ts';
import { noQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { expect, it } from 'vitest';
import { attempt } from './testing/projector-house.ts';
import { useProjectors } from './testing/use-projectors.ts';

const projectors = useProjectors();
const HOUR_MS = 3_600_000;
const window = 'budget-b@20261101T000000Z';

function hit(agoMs: number, cost: bigint, saved: bigint | null): UsageEvent {
  const atMs = Date.now() - agoMs;
  const { id, call_id } = attempt({}, atMs);
  return cacheHitEvent({
    ...{ eventId: id, callId: call_id ?? '', instanceId: 'ins_1', endpoint: 'chat.completions' },
    key: { customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
    request: { model: 'm', stream: false, endUser: null },
    deployment: { provider: { name: 'p' }, model: 'm', price: null },
    ...{ modelServed: 'm', used: { ...noQuantities(), inputTokens: 100 }, cost, saved },
    holds:
      cost === 0n
        ? []
        : [
            {
              account: { stream: window },
              unit: { text: 'usd' },
              parts: [{ lease: { leaseId: 'lse_1' }, amount: cost }],
            },
          ],
    ...{ overheadUs: 1, atMs, recordedAt: new Date(atMs).toISOString() },
  });
}

it('I5: hits cost and save in every view, closed buckets and open ones, and use nothing', async () => {
  await projectors().house.append([
    ...[hit(5 * HOUR_MS, 0n, 7n), hit(5 * HOUR_MS, 30n, 70n), hit(0, 1n, 2n), hit(0, 0n, null)],
    attempt({ customer_id: 'cus_1', cost: '0.000000000100' }),
  ]);
  await projectors().start('p1', { limits: { rollupEveryMs: 0 } });
  await projectors().settled();
  const sums = (view: string, saved = 'sum(saved_cost)') =>
    projectors().house.warehouse.query(
      `SELECT type, count() AS n, toDecimalString(sum(cost), 12) AS cost,
         toDecimalString(${saved}, 12) AS saved, sum(input_tokens + requests) AS used
       FROM tollgate.${view} GROUP BY type ORDER BY type`,
    );
  const expected = [
    { type: 'attempt', cost: '0.000000000100', saved: '0.000000000000', used: '11' },
    { type: 'cache_hit', cost: '0.000000000031', saved: '0.000000000079', used: '0' },
  ];
  for (const view of ['usage_quarter_hourly', 'usage_hourly', 'usage_daily']) {
    await expect.poll(() => sums(view), { timeout: 10_000 }).toMatchObject(expected);
  }
  expect(await sums('usage_events', 'ifNull(sum(saved_cost), 0)')).toMatchObject(expected);
  const rolled = await projectors().house.warehouse.query(
    `SELECT toDecimalString(sum(saved_cost), 12) AS saved FROM tollgate.rollup_15m FINAL
     WHERE type = 'cache_hit' AND bucket < now() - INTERVAL 4 HOUR`,
  );
  expect(rolled).toEqual([{ saved: '0.000000000077' }]);
});

it('I3: a hit that costs something is charged to its budgets as an attempt is', async () => {
  await projectors().house.append([hit(0, 30n, 70n), hit(0, 0n, 7n)]);
  await projectors().start('p1');
  await projectors().settled();
  expect(
    await projectors().house.warehouse.query(
      `SELECT window, toDecimalString(spent, 12) AS spent, events,
         toDecimalString(unresolved, 12) AS unresolved FROM tollgate.budget_spend`,
    ),
  ).toEqual([{ window, spent: '0.000000000030', events: '1', unresolved: '0.000000000000' }]);
});
