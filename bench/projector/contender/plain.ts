/**
 * The first version that anyone would write: read the log, insert its records into a plain table of the
 * same columns, commit the offsets. No guarantee: no dedupe, fence, intent, read-back, hash or roll-up,
 * no check of what is inserted, and nothing is synced to disk. Reads and inserts overlap, in batches as
 * large as the projector's.
 */
import type { Log, LogRecord } from '@tollgate/adapters/log/log.ts';
import { eventColumns } from '@tollgate/adapters/warehouse/event-columns.ts';
import { projectorLimits } from '@tollgate/projector/limits.ts';
import type { BenchStores } from '../stores.ts';
import type { Contender } from './run-contender.ts';

const { batchRecordsMax, batchBytesMax } = projectorLimits;
const NEWLINE = Buffer.from('\n');

export const plain: Contender = {
  run: consume,
  async found({ warehouse }) {
    const [row] = await warehouse.query<{ rows: string }>(
      'SELECT count() AS rows FROM tollgate.plain_usage',
    );
    return { rows: Number(row?.rows), counted: Number(row?.rows) };
  },
};

async function consume({ log, warehouse }: BenchStores): Promise<void> {
  const columns = eventColumns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
  await warehouse.command(
    `CREATE TABLE tollgate.plain_usage (${columns}) ENGINE = MergeTree
     PARTITION BY toYYYYMM(time) ORDER BY (customer_id, time)`,
  );
  const ends = await log.ends();
  const next = ends.map(() => 0n);
  let reading = readBatch(log, next, ends);
  for (;;) {
    const records = await reading;
    if (records.length === 0) break;
    for (const { partition, offset } of records) next[partition] = offset + 1n;
    reading = readBatch(log, next, ends);
    const lines = Buffer.concat(records.flatMap(({ value }) => [value, NEWLINE]));
    await warehouse.insertLines('tollgate.plain_usage', lines);
    const places = new Map(records.map(({ partition, offset }) => [partition, offset + 1n]));
    const commits = [...places].map(([partition, offset]) => ({ partition, offset, metadata: '' }));
    await log.commit('plain', commits);
  }
}

async function readBatch(
  log: Log,
  next: readonly bigint[],
  ends: readonly bigint[],
): Promise<LogRecord[]> {
  const behind = next.flatMap((offset, partition) =>
    offset < (ends[partition] ?? 0n) ? [{ partition, offset }] : [],
  );
  const maxRecords = Math.ceil(batchRecordsMax / behind.length);
  const maxBytes = Math.ceil(batchBytesMax / behind.length);
  const pages = await Promise.all(
    behind.map((from) => log.read({ ...from, maxRecords, maxBytes })),
  );
  return pages.flat();
}
