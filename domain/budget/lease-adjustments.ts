/**
 * How a resolution adjusts the leases of its attempt (docs/design.md, Resolutions). The budget was
 * charged what the attempt stated in the budget's unit, else what the event has as its hold; once the
 * resolution counts, it is charged what the attempt used.
 */
import { parseDecimal12 } from '../money/money.ts';
import {
  type KnownQuantities,
  knownQuantities,
  quantities,
  type UsageQuantities,
} from '../usage/quantities.ts';
import type { UsageEvent } from '../usage/usage-event.ts';
import { resolvedDeltas, type StatedUsage } from './amounts.ts';
import { parseHoldUnit } from './hold-unit.ts';

export type LeaseAdjustment = {
  /** Ledger stream of the budget window. */
  window: string;
  leaseId: string;
  /** 1e-12 of the budget's unit, never zero. */
  delta: bigint;
};

type Used = Pick<UsageEvent, 'cost'> & UsageQuantities;
type Held = Pick<UsageEvent, 'hold_lease_ids' | 'hold_amounts' | 'hold_units' | 'budget_windows'>;

/** What an attempt held of one budget window, lease by lease. */
export type WindowHold = { window: string; unit: string; leaseIds: string[]; parts: bigint[] };

/** The holds of an event by window and unit, each with its leases in their order. */
export function holdsByWindow(held: Held): WindowHold[] {
  const holds = new Map<string, WindowHold>();
  for (const [index, leaseId] of held.hold_lease_ids.entries()) {
    const window = held.budget_windows[index] as string;
    const unit = held.hold_units[index] as string;
    const amount = parseDecimal12(held.hold_amounts[index] as string);
    const name = `${unit} ${window}`;
    const known = holds.get(name) ?? { window, unit, leaseIds: [], parts: [] };
    known.leaseIds.push(leaseId);
    known.parts.push(amount);
    holds.set(name, known);
  }
  return [...holds.values()];
}

/**
 * One adjustment per lease whose charge differs from its share of the usage. Each window counts the
 * whole usage, divided among its own holds in their order.
 */
export function leaseAdjustments(
  target: Used & Held & Pick<UsageEvent, 'usage_source'>,
  resolution: Used,
): LeaseAdjustment[] {
  const stated = statedUsage(target);
  const resolved = together(target, resolution);
  return holdsByWindow(target).flatMap(({ window, unit, leaseIds, parts }) => {
    const deltas = resolvedDeltas(parseHoldUnit(unit), parts, stated, resolved);
    return leaseIds.flatMap((leaseId, index) => {
      const delta = deltas[index] ?? 0n;
      return delta === 0n ? [] : [{ window, leaseId, delta }];
    });
  });
}

/** What an attempt was charged by; null: nobody stated it, an estimate is no statement. */
export function statedUsage(attempt: Used & Pick<UsageEvent, 'usage_source'>): StatedUsage | null {
  const used = attempt.usage_source === 'estimated' ? null : knownQuantities(attempt);
  if (used === null) return null;
  return { cost: attempt.cost === null ? null : pico(attempt.cost), quantities: used };
}

/** An attempt and its resolution, which carries the difference to what the attempt stated. */
function together(target: Used, resolution: Used): StatedUsage {
  const used = {} as KnownQuantities;
  for (const { name, field } of quantities) {
    used[field] = (target[name] ?? 0) + (resolution[name] ?? 0);
  }
  return { cost: pico(target.cost) + pico(resolution.cost), quantities: used };
}

function pico(cost: string | null): bigint {
  return cost === null ? 0n : parseDecimal12(cost);
}
