/** In which hours did an attempt start that is resolvable, or has been resolved lately? */
import type { Warehouse } from '../warehouse.ts';

/** An hour in which an attempt started that is resolvable, or was resolved. */
export type TouchedHour = { provider: string; startMs: number };

/** `[from, to)` of one partition. */
export type OffsetSpan = { log: number; partition: number; from: bigint; to: bigint };

/** Of the attempts and resolutions whose positions are in these spans. */
export async function touchedHours(
  warehouse: Warehouse,
  spans: readonly OffsetSpan[],
): Promise<TouchedHour[]> {
  if (spans.length === 0) return [];
  const isNew = spans.map(
    ({ log, partition, from, to }) =>
      `log = ${log} AND partition = ${partition} AND \`offset\` >= ${from} AND \`offset\` < ${to}`,
  );
  const rows = await warehouse.query<{ provider: string; hour: string }>(
    `SELECT DISTINCT assumeNotNull(provider) AS provider,
       toString(toUnixTimestamp(toStartOfHour(toDateTime(time, 'UTC')))) AS hour
     FROM tollgate.usage_events WHERE (${isNew.join(' OR ')}) AND provider IS NOT NULL AND (
       type = 'resolution' OR type = 'attempt' AND (isNull(cost) OR usage_source = 'estimated'))`,
  );
  return rows.map(({ provider, hour }) => ({ provider, startMs: Number(hour) * 1_000 }));
}
