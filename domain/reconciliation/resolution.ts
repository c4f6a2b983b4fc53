/**
 * A resolution: the provider's bill says what an attempt really used (docs/design.md, Resolutions).
 * Its quantities and its cost are differences to what the event says; unknown counts as zero.
 */
import { parseDecimal12 } from '../money/money.ts';
import { firstQuantityNames, type QuantityName, quantityNames } from '../usage/quantities.ts';
import type { UsageEvent } from '../usage/usage-event.ts';
import type { BillLine } from './reconciliation-events.ts';

/** True if the bill's line says exactly what the event says. */
export function agrees(event: UsageEvent, line: BillLine): boolean {
  return (
    event.cost === line.cost &&
    quantityNames.every((name) => said(event, name) === billed(line, name))
  );
}

/** True if an attempt and its resolution together say what the bill's line says. */
export function resolvedAgrees(event: UsageEvent, resolution: UsageEvent, line: BillLine): boolean {
  return (
    pico(event.cost) + pico(resolution.cost) === parseDecimal12(line.cost) &&
    quantityNames.every(
      (name) => (event[name] ?? 0) + (resolution[name] ?? 0) === billed(line, name),
    )
  );
}

/** True if an operator ruled it, and no bill said it. @param resolution of any attempt */
export function isRuled({ source }: Pick<UsageEvent, 'source'>): boolean {
  return source.startsWith(`reconciliation/${RULING_PREFIX}`);
}

const RULING_PREFIX = 'rul_';

/** True if two bills say the same about an attempt. */
export function sameFigures(one: BillLine, other: BillLine): boolean {
  return (
    one.cost === other.cost &&
    quantityNames.every((name) => billed(one, name) === billed(other, name))
  );
}

/** True if a line says that nothing was billed, like its absence from a complete bill. */
export function isNothing(line: BillLine): boolean {
  return (
    parseDecimal12(line.cost) === 0n && quantityNames.every((name) => billed(line, name) === 0)
  );
}

/** Of a bucket that is younger than the line, nothing was billed. */
function billed(line: BillLine, name: QuantityName): number {
  return line[name] ?? 0;
}

/** Null: not known. Of a bucket that is younger than the event, nothing was used. */
function said(event: UsageEvent, name: QuantityName): number | null {
  const isOlderBucket = firstQuantityNames.some((first) => first === name);
  return event[name] ?? (isOlderBucket ? null : 0);
}

function pico(cost: string | null): bigint {
  return cost === null ? 0n : parseDecimal12(cost);
}
