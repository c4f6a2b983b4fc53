/**
 * How a resolution adjusts the leases of its attempt (docs/design.md, Resolutions). The budget was
 * charged what the event has as its hold; once the resolution counts, it is charged what the attempt
 * cost.
 */
import { parseDecimal12 } from '../money/money.ts';
import type { UsageEvent } from '../usage/usage-event.ts';
import { resolvedDeltas } from './amounts.ts';
import type { BudgetUnit } from './budget-events.ts';

export type LeaseAdjustment = {
  /** Ledger stream of the budget window. */
  window: string;
  leaseId: string;
  /** Pico-dollars, never zero. */
  delta: bigint;
};

type Resolved = Pick<
  UsageEvent,
  'cost' | 'hold_lease_ids' | 'hold_amounts' | 'hold_units' | 'budget_windows'
>;

type Part = { leaseId: string; hold: bigint };

/**
 * One adjustment per lease whose charge differs from its share of the cost. Each window counts the
 * whole cost, divided among its own holds in their order. A hold in a unit other than USD is not
 * adjusted.
 */
export function leaseAdjustments(
  target: Resolved,
  resolution: Pick<UsageEvent, 'cost'>,
): LeaseAdjustment[] {
  const cost = pico(target.cost) + pico(resolution.cost);
  const holds = new Map<string, { window: string; unit: BudgetUnit; parts: Part[] }>();
  for (const [index, leaseId] of target.hold_lease_ids.entries()) {
    const window = target.budget_windows[index] as string;
    const unit = target.hold_units[index] as BudgetUnit;
    const part = { leaseId, hold: parseDecimal12(target.hold_amounts[index] as string) };
    const name = `${unit} ${window}`;
    const known = holds.get(name);
    if (known === undefined) holds.set(name, { window, unit, parts: [part] });
    else known.parts.push(part);
  }
  return [...holds.values()].flatMap(({ window, unit, parts }) => {
    const deltas = resolvedDeltas(
      unit,
      parts.map(({ hold }) => hold),
      cost,
    );
    return parts.flatMap(({ leaseId }, index) => {
      const delta = deltas?.[index] ?? 0n;
      return delta === 0n ? [] : [{ window, leaseId, delta }];
    });
  });
}

function pico(cost: string | null): bigint {
  return cost === null ? 0n : parseDecimal12(cost);
}
