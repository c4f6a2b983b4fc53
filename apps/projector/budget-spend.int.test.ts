/** What the warehouse says that a budget has spent: in every unit as the proxy charges it. */
import { chargeHold } from '@tollgate/domain/budget/amounts.ts';
import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { leaseAdjustments, statedUsage } from '@tollgate/domain/budget/lease-adjustments.ts';
import { formatDecimal12, PICO_PER_UNIT } from '@tollgate/domain/money/money.ts';
import { perQuantity, unknownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { expect, it } from 'vitest';
import { attempt } from './testing/projector-house.ts';
import { useProjectors } from './testing/use-projectors.ts';

const projectors = useProjectors();

const UNITS = [
  ...['usd', 'usd+333333ppm', 'requests', 'tokens', 'tokens.input', 'tokens.output'],
  ...['tokens-cache_reads', 'tokens.input-cache_reads'],
];
const windowOf = (unit: string) => `budget-${unit}@20261101T000000Z`;
const PARTS = [40n * PICO_PER_UNIT, 3n];

/** One lease after the other, of all budgets, so that no budget has its own side by side. */
const holds = {
  hold_lease_ids: PARTS.flatMap((_, part) => UNITS.map((unit) => `lse_${unit}_${part}`)),
  hold_amounts: PARTS.flatMap((amount) => UNITS.map(() => formatDecimal12(amount))),
  hold_units: PARTS.flatMap(() => UNITS),
  budget_windows: PARTS.flatMap(() => UNITS.map(windowOf)),
};

const used: Partial<UsageEvent> = {
  ...{ input_tokens: 1, cache_read_tokens: 20, cache_write_tokens: 300, audio_input_tokens: 4_000 },
  ...{ output_tokens: 50_000, reasoning_tokens: 600_000, audio_output_tokens: 7_000_000 },
  ...{ cache_write_1h_tokens: 11_000, image_input_tokens: 130_000, image_output_tokens: 1_700_000 },
  ...{ searches: 5, audio_seconds: 6, characters: 7 },
};
const unknown = { ...unknownQuantities(), cost: null };
const events = [
  attempt({ ...holds, ...used, cost: '12345678901234.000000000001' }),
  attempt({ ...holds, ...used, usage_source: 'estimated' }),
  attempt({ ...holds, ...used, cost: null, price_source: 'none' }),
  attempt({ ...holds, ...unknown, usage_source: 'none', status: 'unknown' }),
  attempt({ ...holds, requests: 0, input_tokens: 0, output_tokens: 0, cost: '0.000000000000' }),
];

/** What their bills say later: a difference, to what is known and to what is not. */
const resolutions = [1, 2, 3].map((index): UsageEvent => {
  const target = events[index] as UsageEvent;
  return attempt({
    ...perQuantity(({ name }) => Number(name === 'output_tokens') * 9),
    ...{ cache_write_1h_tokens: 40, image_input_tokens: 500, image_output_tokens: 6_000 },
    ...{ type: 'resolution', resolves_id: target.id, call_id: target.call_id },
    ...{ usage_source: 'reconciled', cost: '0.700000000000', source: 'reconciliation/rec_1' },
  });
});

function chargeIn(unit: string, event: UsageEvent): bigint {
  const { charges } = chargeHold(parseHoldUnit(unit), PARTS, statedUsage(event));
  return charges.reduce((sum, charge) => sum + charge, 0n);
}

type Spend = Record<'window' | 'spent' | 'events' | 'budget_id' | 'unit' | 'unresolved', string>;

async function spendOf(stored: readonly UsageEvent[]): Promise<Spend[]> {
  await projectors().start('p1');
  await projectors().house.append([...stored]);
  await projectors().settled();
  return await projectors().house.warehouse.query<Spend>(
    `SELECT window, toDecimalString(spent, 12) AS spent, events, budget_id, unit,
       toDecimalString(unresolved, 12) AS unresolved
     FROM tollgate.budget_spend ORDER BY window`,
  );
}

const inOrder = (rows: Partial<Spend>[]) =>
  rows.toSorted((a, b) => ((a.window ?? '') < (b.window ?? '') ? -1 : 1));
const total = (amounts: readonly bigint[]) =>
  formatDecimal12(amounts.reduce((sum, amount) => sum + amount, 0n));

it('I3: budget_spend says what each budget was charged, in its own unit, to the last digit', async () => {
  const expected = UNITS.map((unit) => ({
    ...{ window: windowOf(unit), budget_id: unit, unit: unit.split(/[.+-]/)[0] as string },
    spent: total(events.map((event) => chargeIn(unit, event))),
    events: `${events.length}`,
    unresolved: total(
      events.map((event) => (statedUsage(event) === null ? chargeIn(unit, event) : 0n)),
    ),
  }));
  expect(await spendOf(events)).toEqual(inOrder(expected));
});

it('I3: budget_spend follows what resolutions say, in every unit, as the leases do', async () => {
  const expected = UNITS.map((unit) => {
    const adjusted = resolutions.flatMap((resolution, index) =>
      leaseAdjustments(events[index + 1] as UsageEvent, resolution)
        .filter(({ window }) => window === windowOf(unit))
        .map(({ delta }) => delta),
    );
    const spent = total([...events.map((event) => chargeIn(unit, event)), ...adjusted]);
    return { window: windowOf(unit), spent, unresolved: total([]) };
  });
  expect(await spendOf([...events, ...resolutions])).toMatchObject(inOrder(expected));
});

it('I8: a bucket that a record lacks is 0 where its usage is known, and null where it is not', async () => {
  await spendOf([attempt({ searches: 2 }), attempt(unknown)]);
  const rows = await projectors().house.warehouse.query(
    `SELECT searches, cache_write_1h_tokens AS written FROM tollgate.usage_events
     ORDER BY isNull(searches)`,
  );
  expect(rows).toEqual([
    { searches: '2', written: '0' },
    { searches: null, written: null },
  ]);
});
