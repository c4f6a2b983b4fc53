/** What roll-ups and dirty marks have in common: buckets of 15 minutes, and versions. */

/** Some time zones are at :30 and :45, so hours of UTC would not do. */
export const BUCKET_S = 900;

/** The bucket of a row with a `time`. */
export const BUCKET_SQL = "toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE)";

/** Logs compare by their ordinals first, so a version is ordinal · 2^48 + offset (ADR 0001). */
const LOG_BITS = 48;

/** Of a raw row: the least version of a roll-up that has read it. */
export const ROW_VERSION_SQL = `bitShiftLeft(toUInt64(log), ${LOG_BITS}) + \`offset\` + 1`;

/** Of a roll-up that has read all offsets below `next`. */
export function rollupVersion(log: number, next: bigint): bigint {
  return (BigInt(log) << BigInt(LOG_BITS)) + next;
}

/**
 * One row per sorting key is inserted anyhow: looking for more of them, as a merge does, took a third
 * of a roll-up's time.
 */
export const AS_GROUPED = 'SETTINGS optimize_on_insert = 0';
