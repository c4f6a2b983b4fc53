/**
 * A resolution: the provider's bill says what an attempt really used (design §7.10). Its quantities
 * and its cost are differences to what the event says; unknown counts as zero.
 */
import { resolutionId } from '../ids/ids.ts';
import { formatDecimal12, parseDecimal12 } from '../money/money.ts';
import { perQuantity, quantityNames } from '../usage/quantities.ts';
import type { UsageEvent } from '../usage/usage-event.ts';
import type { BillLine } from './reconciliation-events.ts';

/** True if the bill's line says exactly what the event says. */
export function agrees(event: UsageEvent, line: BillLine): boolean {
  return event.cost === line.cost && quantityNames.every((name) => event[name] === line[name]);
}

/** True if an attempt and its resolution together say what the bill's line says. */
export function resolvedAgrees(event: UsageEvent, resolution: UsageEvent, line: BillLine): boolean {
  return (
    pico(event.cost) + pico(resolution.cost) === parseDecimal12(line.cost) &&
    quantityNames.every((name) => (event[name] ?? 0) + (resolution[name] ?? 0) === line[name])
  );
}

/** True if two bills say the same about an attempt. */
export function sameFigures(one: BillLine, other: BillLine): boolean {
  return one.cost === other.cost && quantityNames.every((name) => one[name] === other[name]);
}

/** True if a line says that nothing was billed, like its absence from a complete bill. */
export function isNothing(line: BillLine): boolean {
  return parseDecimal12(line.cost) === 0n && quantityNames.every((name) => line[name] === 0);
}

function pico(cost: string | null): bigint {
  return cost === null ? 0n : parseDecimal12(cost);
}

/**
 * The one resolution of an attempt: every import derives the same id (I2).
 *
 * @param line undefined: the bill is complete for the attempt's time and does not name it
 * @param hash SHA-256 of `resolution:<attempt id>`
 */
export function resolutionOf(
  target: UsageEvent,
  line: BillLine | undefined,
  facts: { importId: string; hash: Uint8Array; recordedAt: string },
): UsageEvent {
  const deltas = perQuantity(({ name }) => (line?.[name] ?? 0) - (target[name] ?? 0));
  const billed = line === undefined ? 0n : parseDecimal12(line.cost);
  return {
    ...target,
    ...deltas,
    id: resolutionId(target.id, facts.hash),
    type: 'resolution',
    source: `reconciliation/${facts.importId}`,
    resolves_id: target.id,
    usage_source: 'reconciled',
    cost: formatDecimal12(billed - pico(target.cost)),
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
