/** What the warehouse says that a budget has spent: in every unit as the proxy charges it. */
import { chargeHold } from '@tollgate/domain/budget/amounts.ts';
import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { formatDecimal12, PICO_PER_UNIT, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { knownQuantities, unknownQuantities } from '@tollgate/domain/usage/quantities.ts';
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
};
const unknown = { ...unknownQuantities(), cost: null };
const events = [
  attempt({ ...holds, ...used, cost: '12345678901234.000000000001' }),
  attempt({ ...holds, ...used, usage_source: 'estimated' }),
  attempt({ ...holds, ...used, cost: null, price_source: 'none' }),
  attempt({ ...holds, ...unknown, usage_source: 'none', status: 'unknown' }),
  attempt({ ...holds, requests: 0, input_tokens: 0, output_tokens: 0, cost: '0.000000000000' }),
];

function chargeIn(unit: string, event: UsageEvent): bigint {
  const quantities = event.usage_source === 'estimated' ? null : knownQuantities(event);
  const cost = event.cost === null ? null : parseDecimal12(event.cost);
  const stated = quantities === null ? null : { cost, quantities };
  const { charges } = chargeHold(parseHoldUnit(unit), PARTS, stated);
  return charges.reduce((sum, charge) => sum + charge, 0n);
}

it('I3: budget_spend says what each budget was charged, in its own unit, to the last digit', async () => {
  await projectors().start('p1');
  await projectors().house.append(events);
  await projectors().settled();
  const rows = await projectors().house.warehouse.query<{ window: string; spent: string }>(
    'SELECT window, toDecimalString(spent, 12) AS spent, events FROM tollgate.budget_spend ORDER BY window',
  );
  const expected = UNITS.map((unit) => {
    const spent = events.reduce((sum, event) => sum + chargeIn(unit, event), 0n);
    return { window: windowOf(unit), spent: formatDecimal12(spent), events: `${events.length}` };
  });
  expect(rows).toEqual(expected.sort((a, b) => (a.window < b.window ? -1 : 1)));
});
