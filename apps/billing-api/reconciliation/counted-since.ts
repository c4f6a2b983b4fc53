/**
 * What the projector counted since the last look, so that a bill that is carried out costs nothing
 * until an attempt or a resolution in its range arrives.
 */
import { type Progress, readProgress } from '@tollgate/adapters/warehouse/queries/progress.ts';
import type { OffsetSpan } from '@tollgate/adapters/warehouse/queries/touched-hours.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

/** Per partition, by `log/partition`: `next` is the offset below which all was seen. */
type Seen = ReadonlyMap<string, Progress>;

export class CountedSince<T> {
  readonly #warehouse: Warehouse;
  readonly #ask: (warehouse: Warehouse, spans: readonly OffsetSpan[]) => Promise<T[]>;
  #seen: Seen | undefined;

  /** @param ask what the caller wants to know of the rows of these spans */
  constructor(
    warehouse: Warehouse,
    ask: (warehouse: Warehouse, spans: readonly OffsetSpan[]) => Promise<T[]>,
  ) {
    this.#warehouse = warehouse;
    this.#ask = ask;
  }

  /**
   * Every row is reported once, after it can be read; if this fails, by the next look.
   *
   * @returns undefined if anything may have changed: at the first look, and if rows are gone
   */
  async look(): Promise<T[] | undefined> {
    const before = this.#seen;
    const now = await this.#progress(before ?? new Map());
    const isGone = [...(before ?? [])].some(([at, { next }]) => nextOf(now, at) < next);
    const isUnknown = before === undefined || isGone;
    const touched = isUnknown ? undefined : await this.#touched(before, now);
    this.#seen = now;
    return touched;
  }

  /** Offsets are dense: with as many rows as offsets, no row below the last is still to come. */
  async #progress(before: Seen): Promise<Seen> {
    const rows = await readProgress(this.#warehouse);
    return new Map(
      rows.map((row) => {
        const at = `${row.log}/${row.partition}`;
        return [at, row.rows === row.next ? row : { ...row, next: nextOf(before, at) }];
      }),
    );
  }

  #touched(before: Seen, now: Seen): Promise<T[]> {
    const spans = [...now].map(([at, { log, partition, next }]) => {
      return { log, partition, from: nextOf(before, at), to: next };
    });
    return this.#ask(
      this.#warehouse,
      spans.filter(({ from, to }) => to > from),
    );
  }
}

function nextOf(seen: Seen, at: string): bigint {
  return seen.get(at)?.next ?? 0n;
}
