/**
 * What the projector counted since the last look, so that a bill that is carried out costs nothing
 * until an attempt or a resolution in its range arrives.
 */
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

/** An hour in which an attempt started that is resolvable, or was resolved. */
export type TouchedHour = { provider: string; startMs: number };

/** Per partition of a log, `log = … AND partition = …`: the offset below which all was seen. */
type Seen = ReadonlyMap<string, bigint>;

export class CountedSince {
  readonly #warehouse: Warehouse;
  #seen: Seen | undefined;

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /**
   * Every row is reported once, after it can be read; if this fails, by the next look.
   *
   * @returns undefined if anything may have changed: at the first look, and if rows are gone
   */
  async look(): Promise<TouchedHour[] | undefined> {
    const before = this.#seen;
    const now = await this.#progress(before ?? new Map());
    const isGone = [...(before ?? [])].some(([where, next]) => (now.get(where) ?? 0n) < next);
    const isUnknown = before === undefined || isGone;
    const touched = isUnknown ? undefined : await this.#touched(before, now);
    this.#seen = now;
    return touched;
  }

  /** Offsets are dense: with as many rows as offsets, no row below the last is still to come. */
  async #progress(before: Seen): Promise<Seen> {
    const rows = await this.#warehouse.query<Record<'log' | 'partition' | 'rows' | 'next', string>>(
      `SELECT toString(log) AS log, toString(partition) AS partition, toString(rows) AS rows,
         toString(first_offset_without_row) AS next FROM tollgate.log_progress`,
    );
    return new Map(
      rows.map(({ log, partition, rows: count, next }) => {
        const where = `log = ${log} AND partition = ${partition}`;
        return [where, count === next ? BigInt(next) : (before.get(where) ?? 0n)];
      }),
    );
  }

  async #touched(before: Seen, now: Seen): Promise<TouchedHour[]> {
    const grown = [...now].filter(([where, next]) => next > (before.get(where) ?? 0n));
    if (grown.length === 0) return [];
    const isNew = grown.map(
      ([where, next]) =>
        `${where} AND \`offset\` >= ${before.get(where) ?? 0n} AND \`offset\` < ${next}`,
    );
    const rows = await this.#warehouse.query<{ provider: string; hour: string }>(
      `SELECT DISTINCT assumeNotNull(provider) AS provider,
         toString(toUnixTimestamp(toStartOfHour(toDateTime(time, 'UTC')))) AS hour
       FROM tollgate.usage_events WHERE (${isNew.join(' OR ')}) AND provider IS NOT NULL AND (
         type = 'resolution' OR type = 'attempt' AND (isNull(cost) OR usage_source = 'estimated'))`,
    );
    return rows.map(({ provider, hour }) => ({ provider, startMs: Number(hour) * 1_000 }));
  }
}
