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
  { importId, hash, recordedAt }: { importId: string; hash: Uint8Array; recordedAt: string },
): UsageEvent {
  return resolved(target, line, { source: `reconciliation/${importId}`, hash, recordedAt });
}

/**
 * The same of an attempt whose provider has stated, after its call had ended, what it used. Made twice it is
 * the same event, to the last byte.
 *
 * @param hash SHA-256 of `resolution:<attempt id>`
 */
export function statedResolution(target: UsageEvent, line: BillLine, hash: Uint8Array): UsageEvent {
  const source = `background/${target.provider}`;
  return resolved(target, line, { source, hash, recordedAt: target.recorded_at });
}

function resolved(
  target: UsageEvent,
  line: BillLine | undefined,
  facts: { source: string; hash: Uint8Array; recordedAt: string },
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
    source: facts.source,
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
