/**
 * The set of rows that one snapshot is made from, as SQL (docs/design.md, The usage set). I4:
 * snapshot n is {counted, position < cut n, time < end n} without the same set for n − 1. Every row
 * below both is in exactly one such difference, whatever arrives when; what is not below yet stays
 * for a later one.
 */
import type { LogCut } from '@tollgate/domain/period/period-events.ts';

export type UsageSet = {
  customerId: string;
  endMs: number;
  logs: readonly LogCut[];
  /** Undefined for a customer's first snapshot. */
  previous: { endMs: number; logs: readonly LogCut[] } | undefined;
};

export type SqlCondition = { where: string; params: Record<string, unknown> };

/**
 * Condition on `tollgate.raw_usage`; its parameters are named so that callers can add their own.
 *
 * Imported history was charged elsewhere: no snapshot bills it, and so nothing that a snapshot is made
 * from, proven by or exported as may count it.
 */
export function usageSetSql(set: UsageSet): SqlCondition {
  const { where, params } = everyRowSql(set);
  // seam: history-is-not-billed
  return { where: `type != 'history' AND ${where}`, params };
}

/** The same rows of imported history alone: what the snapshot leaves out. */
export function historySetSql(set: UsageSet): SqlCondition {
  const { where, params } = everyRowSql(set);
  return { where: `type = 'history' AND ${where}`, params };
}

function everyRowSql(set: UsageSet): SqlCondition {
  const customer = 'customer_id = {set_customer:String}';
  const here = knownBy('set', set.endMs, set.logs);
  // seam: usage-of-one-customer
  const parts = [customer, "disposition = 'counted'", here.where];
  const params = { set_customer: set.customerId, ...here.params };
  if (set.previous !== undefined) {
    const before = knownBy('previous', set.previous.endMs, set.previous.logs);
    parts.push(`NOT (${before.where})`);
    Object.assign(params, before.params);
  }
  return { where: parts.join(' AND '), params };
}

function knownBy(name: string, endMs: number, logs: readonly LogCut[]): SqlCondition {
  const below = belowCutSql(name, logs);
  return {
    where: `time < fromUnixTimestamp64Milli({${name}_end:Int64}, 'UTC') AND ${below.where}`,
    params: { [`${name}_end`]: endMs, ...below.params },
  };
}

/** True for rows below the cut; a log or partition that it does not name is above it. */
export function belowCutSql(name: string, logs: readonly LogCut[]): SqlCondition {
  const params: Record<string, unknown> = {};
  const parts = logs.map(({ log, ends }, i) => {
    params[`${name}_log_${i}`] = log;
    // Numbers beyond 2^53 must reach the engine exactly, so they travel as bigints.
    params[`${name}_ends_${i}`] = ends.map(BigInt);
    const end = `arrayElement({${name}_ends_${i}:Array(UInt64)}, toUInt32(partition) + 1)`;
    return `(log = {${name}_log_${i}:UInt32} AND \`offset\` < ${end})`;
  });
  return { where: parts.length === 0 ? '0' : `(${parts.join(' OR ')})`, params };
}
