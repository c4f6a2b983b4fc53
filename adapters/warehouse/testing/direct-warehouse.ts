/**
 * An in-process engine with the columns of ADR 0001's raw table that bills are made from, filled
 * straight from the log when a test says so. It lets closing be tested at any lag, apart from the
 * projector; it has no batches, no fence and no dead letters.
 */
import { createHash } from 'node:crypto';
import { createClient } from '@clickhouse/client';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import { createChdbConnection } from 'chdb/connection';
import type { Log, LogRecord } from '../../log/log.ts';
import type { Row, Warehouse } from '../warehouse.ts';

type ClientOptions = NonNullable<Parameters<typeof createClient>[0]>;

const TEXT = ['id', 'type', 'source', 'customer_id', 'usage_source'] as const;
const NULLABLE_TEXT = [
  'resolves_id',
  'team_id',
  'key_id',
  'environment',
  'provider',
  'model_requested',
  'model_served',
  'price_version',
] as const;
const QUANTITIES = [
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'images',
  'requests',
] as const;

const TABLE = `CREATE TABLE tollgate.raw_usage (
  log UInt32, partition UInt32, \`offset\` UInt64, disposition LowCardinality(String),
  leaf_hex String, leaf_hash FixedString(32) MATERIALIZED toFixedString(unhex(leaf_hex), 32),
  ${TEXT.map((name) => `${name} String`).join(', ')},
  ${NULLABLE_TEXT.map((name) => `${name} Nullable(String)`).join(', ')},
  ${QUANTITIES.map((name) => `${name} Nullable(Int64)`).join(', ')},
  cost Nullable(Decimal(38, 12)), time DateTime64(3, 'UTC')
) ENGINE = MergeTree ORDER BY (customer_id, time)`;

const PROGRESS = `CREATE VIEW tollgate.log_progress AS
  SELECT log, partition, max(\`offset\`) + 1 AS first_offset_without_row
  FROM tollgate.raw_usage GROUP BY log, partition`;

const PAGE_RECORDS = 10_000;
const PAGE_BYTES = 16 * 1024 * 1024;

export type DirectWarehouse = {
  warehouse: Warehouse;
  /** Gives every record of the log its row. */
  project: () => Promise<void>;
};

export async function openDirectWarehouse(path: string, log: Log): Promise<DirectWarehouse> {
  // The hook is experimental: the two packages type the stream of an answer differently.
  const connection = createChdbConnection({ path }) as unknown as ClientOptions['connection'];
  const client = createClient({ connection } as ClientOptions);
  const command = async (query: string): Promise<void> => {
    await client.command({ query });
  };
  for (const sql of ['CREATE DATABASE IF NOT EXISTS tollgate', TABLE, PROGRESS]) await command(sql);
  const insertLines = async (query: string, lines: string): Promise<void> => {
    await client.exec({ query: `${query}\n${lines}` });
  };
  const warehouse: Warehouse = {
    async query<T extends Row>(sql: string, params: Record<string, unknown> = {}) {
      const options = { query: sql, query_params: params, format: 'JSONEachRow' } as const;
      return (await client.query(options)).json<T>();
    },
    command,
    insertLines,
    close: () => client.close(),
  };
  const nextOffsets = new Array<bigint>(log.partitions).fill(0n);
  const counted = new Set<string>();
  return {
    warehouse,
    async project() {
      for (const [partition, offset] of nextOffsets.entries()) {
        const page = { maxRecords: PAGE_RECORDS, maxBytes: PAGE_BYTES };
        const records = await log.read({ partition, offset, ...page });
        if (records.length === 0) continue;
        const lines = records.map((record) => rowOf(log.ordinal, record, counted)).join('\n');
        await insertLines('INSERT INTO tollgate.raw_usage FORMAT JSONEachRow', lines);
        nextOffsets[partition] = offset + BigInt(records.length);
      }
    },
  };
}

function rowOf(log: number, record: LogRecord, counted: Set<string>): string {
  const event = usageEvent.parse(JSON.parse(Buffer.from(record.value).toString('utf8')));
  const disposition = counted.has(event.id) ? 'duplicate' : 'counted';
  counted.add(event.id);
  const names = [...TEXT, ...NULLABLE_TEXT, ...QUANTITIES, 'cost'] as const;
  return JSON.stringify({
    ...Object.fromEntries(names.map((name) => [name, event[name]])),
    log,
    partition: record.partition,
    offset: String(record.offset),
    disposition,
    time: event.time.replace('T', ' ').replace('Z', ''),
    leaf_hex: createHash('sha256').update(Uint8Array.of(0)).update(record.value).digest('hex'),
  });
}
