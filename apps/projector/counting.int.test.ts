/** I2: which rows count, whatever the batch, the delay and the customer. */
import { unknownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { describe, expect, it } from 'vitest';
import { attempt } from './testing/projector-house.ts';
import { useProjectors } from './testing/use-projectors.ts';

const projectors = useProjectors();

describe('what counts', () => {
  it('I2: an event that is delivered five times counts once, in any batch', async () => {
    await projectors().start('p1', { limits: { batchRecordsMax: 3 } });
    const event = attempt();
    await projectors().house.append([event, event, attempt()]);
    await projectors().settled();
    await projectors().house.append([event, attempt(), event, event]);
    await projectors().settled();
    expect(await projectors().dispositions()).toEqual([
      { d: 'counted', n: '3' },
      { d: 'duplicate', n: '4' },
    ]);
  });

  it('I2: a duplicate that comes 40 days later counts zero times, ours and a foreign one', async () => {
    await projectors().start('p1');
    const oldMs = Date.now() - 40 * 86_400_000;
    const ours = attempt({}, oldMs);
    const foreign = attempt({ type: 'external', id: 'x-1', source: 'collector' }, oldMs);
    await projectors().house.append([ours, foreign]);
    await projectors().settled();
    await projectors().house.append([attempt(), ours, foreign]);
    await projectors().settled();
    expect(await projectors().dispositions()).toEqual([
      { d: 'counted', n: '3' },
      { d: 'duplicate', n: '2' },
    ]);
  });

  it('I10: equal foreign ids of two customers both count', async () => {
    await projectors().start('p1');
    const event = attempt({ type: 'external', id: 'x-1', source: 'collector' });
    await projectors().house.append([event, { ...event, customer_id: 'cus_2' }]);
    await projectors().settled();
    expect(await projectors().dispositions()).toEqual([{ d: 'counted', n: '2' }]);
  });

  it('counts a resolution only for a resolvable attempt at a lower position, once', async () => {
    await projectors().start('p1');
    const unknown = attempt({ ...unknownQuantities(), cost: null, usage_source: 'none' });
    const known = attempt();
    const resolve = (target: string, cost: string) =>
      attempt({ type: 'resolution', resolves_id: target, cost, usage_source: 'reconciled' });
    const first = resolve(unknown.id, '0.500000000000');
    const early = resolve(attempt().id, '0.100000000000');
    await projectors().house.append([
      early,
      unknown,
      known,
      first,
      first,
      resolve(known.id, '0.100000000000'),
    ]);
    await projectors().settled();
    const [sum] = await projectors().house.warehouse.query<{ c: string }>(
      'SELECT sum(cost) AS c FROM tollgate.usage_events',
    );
    expect(await projectors().dispositions()).toEqual([
      { d: 'counted', n: '3' },
      { d: 'dead', n: '2' },
      { d: 'duplicate', n: '1' },
    ]);
    expect(sum?.c).toBe('0.500001500001');
  });
});
