/**
 * The usage event of a resolution: a bill says what an attempt really used (docs/design.md,
 * Resolutions).
 */
import { resolutionId } from '../../ids/ids.ts';
import { formatDecimal12, parseDecimal12 } from '../../money/money.ts';
import type { BillLine } from '../../reconciliation/reconciliation-events.ts';
import { perQuantity, type UsageQuantities } from '../quantities.ts';
import type { UsageEvent } from '../usage-event.ts';

/**
 * The one resolution of an attempt: every import derives the same id (I2).
 *
 * @param line undefined: the bill is complete for the attempt's time and does not name it
 * @param hash SHA-256 of `resolution:<attempt id>`
 */
export function resolutionEvent(
  target: UsageEvent,
  line: BillLine | undefined,
  facts: { importId: string; hash: Uint8Array; recordedAt: string },
): UsageEvent {
  const deltas = perQuantity(({ name, addedLater }) => {
    const delta = (line?.[name] ?? 0) - (target[name] ?? 0);
    return delta === 0 && addedLater ? undefined : delta;
  }) as UsageQuantities;
  const billed = line === undefined ? 0n : parseDecimal12(line.cost);
  return {
    ...target,
    ...deltas,
    id: resolutionId(target.id, facts.hash),
    type: 'resolution',
    source: `reconciliation/${facts.importId}`,
    resolves_id: target.id,
    output_limit: undefined,
    output_clamped: undefined,
    redactions: undefined,
    refusal: undefined,
    usage_source: 'reconciled',
    cost: formatDecimal12(billed - (target.cost === null ? 0n : parseDecimal12(target.cost))),
    latency_ms: null,
    ttft_ms: null,
    overhead_us: null,
    hold_lease_ids: [],
    hold_amounts: [],
    hold_units: [],
    budget_windows: [],
    recorded_at: facts.recordedAt,
  };
}
