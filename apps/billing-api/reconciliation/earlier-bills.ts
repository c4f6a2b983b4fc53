/**
 * What earlier bills say about attempts whose resolution is not counted yet (docs/design.md,
 * Resolutions: a second, different figure is refused). The first statement holds, whether its
 * resolution still waits for the attempt, for the resolver or for the projector.
 */
import { reconciliationEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { uuidTimeMs } from '@tollgate/domain/ids/ids.ts';
import type { BillLine } from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import { isNothing, sameFigures } from '@tollgate/domain/reconciliation/resolution.ts';
import type { ApiContext } from '../context.ts';

/** A line, and when its attempt started (Unix ms). */
export type DatedLine = { line: BillLine; timeMs: number };

/**
 * Reads only imports whose range comes near a line: a bill's lines reach beyond its range by at
 * most the margin, and within the range a missing line says that nothing was billed.
 *
 * @returns the id of an attempt about which an earlier bill says something else
 */
export async function contradictedEarlier(
  { directory, ledger, limits }: Pick<ApiContext, 'directory' | 'ledger' | 'limits'>,
  provider: string,
  lines: readonly DatedLine[],
): Promise<string | undefined> {
  const marginMs = limits.reconciliationMarginMs;
  let open = [...lines];
  for (const { state: earlier } of directory.imports.all()) {
    if (earlier.provider !== provider) continue;
    const start = Date.parse(earlier.start);
    const end = Date.parse(earlier.end);
    const isNear = ({ timeMs }: DatedLine) => timeMs >= start - marginMs && timeMs < end + marginMs;
    if (!open.some(isNear)) continue;
    const stated = await billLines(ledger, earlier.import_id, limits.ledgerPageEvents);
    const undecided: DatedLine[] = [];
    for (const dated of open) {
      const { line, timeMs } = dated;
      const before = stated.get(line.attempt_id);
      const isCovered = earlier.ruling === undefined && timeMs >= start && timeMs < end;
      // What an operator has ruled holds, and does not make a bill wrong.
      if (before !== undefined && earlier.ruling !== undefined) continue;
      if (before === undefined && !isCovered) undecided.push(dated);
      else if (before === undefined ? !isNothing(line) : !sameFigures(before, line)) {
        return line.attempt_id;
      }
    }
    open = undecided;
  }
  return undefined;
}

/** A bill's range (Unix ms, the end exclusive), and the attempts that it names. */
export type NewBill = {
  provider: string;
  startMs: number;
  endMs: number;
  ids: ReadonlySet<string>;
};

/**
 * Attempts in a new bill's range that the bill does not name, which says that nothing was billed
 * for them, although an earlier bill, whose own range is a neighbouring one, named an amount.
 */
export async function omittedEarlier(
  { directory, ledger, limits }: Pick<ApiContext, 'directory' | 'ledger' | 'limits'>,
  { provider, startMs, endMs, ids }: NewBill,
): Promise<string[]> {
  const marginMs = limits.reconciliationMarginMs;
  const omitted: string[] = [];
  for (const { state: earlier } of directory.imports.all()) {
    const [from, to] = [Date.parse(earlier.start), Date.parse(earlier.end)];
    const isNear = from - marginMs < endMs && to + marginMs > startMs;
    if (earlier.provider !== provider || !isNear) continue;
    const stated = await billLines(ledger, earlier.import_id, limits.ledgerPageEvents);
    for (const [id, line] of stated) {
      const timeMs = uuidTimeMs(id);
      const isHere = timeMs >= startMs && timeMs < endMs;
      const isTheirs = timeMs >= from && timeMs < to;
      if (isHere && !isTheirs && !ids.has(id) && !isNothing(line)) omitted.push(id);
    }
  }
  return omitted;
}

/**
 * Tells of attempts that started in a range whether a bill, or an earlier ruling, speaks of them: its
 * range covers them, or it names them.
 *
 * @returns a predicate of an attempt's id and its start (Unix ms)
 */
export async function isStatedEarlier(
  { directory, ledger, limits }: Pick<ApiContext, 'directory' | 'ledger' | 'limits'>,
  { provider, start, end }: { provider: string; start: string; end: string },
): Promise<(attemptId: string, timeMs: number) => boolean> {
  const marginMs = limits.reconciliationMarginMs;
  const covered: { from: number; to: number }[] = [];
  const named = new Set<string>();
  for (const { state: earlier } of directory.imports.all()) {
    const [from, to] = [Date.parse(earlier.start), Date.parse(earlier.end)];
    const isNear = from - marginMs < Date.parse(end) && to + marginMs > Date.parse(start);
    if (earlier.provider !== provider || !isNear) continue;
    if (earlier.ruling === undefined) covered.push({ from, to });
    const stated = await billLines(ledger, earlier.import_id, limits.ledgerPageEvents);
    for (const id of stated.keys()) named.add(id);
  }
  return (id, timeMs) =>
    named.has(id) || covered.some(({ from, to }) => timeMs >= from && timeMs < to);
}

/** An import's lines by attempt. */
export async function billLines(
  ledger: Ledger,
  importId: string,
  pageEvents: number,
): Promise<Map<string, BillLine>> {
  const lines = new Map<string, BillLine>();
  const stream = reconciliationEvents.of(importId);
  for await (const { event } of readEvents(ledger, reconciliationEvents, stream, { pageEvents })) {
    if (event.type !== 'ReconciliationLines') continue;
    for (const line of event.data.lines) lines.set(line.attempt_id, line);
  }
  return lines;
}
