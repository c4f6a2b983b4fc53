/**
 * Rows into the warehouse and out of it: the engine in this process, and the same engine behind
 * HTTP, with and without compression. Rounds take turns, so that a busy machine slows all alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync, constants as zlib, zstdCompressSync } from 'node:zlib';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { openClickhouseWarehouse } from '@tollgate/adapters/warehouse/clickhouse-warehouse.ts';
import { eventColumns } from '@tollgate/adapters/warehouse/event-columns.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { startClickhouseShim } from '@tollgate/tests/engines/clickhouse-shim.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { EventSource } from '../projector/events.ts';

export const warehouseBenchUsage = `  warehouse [--rows 10000] [--batches 10] [--rounds 5] [--compare FILE]
      Full-width events per second into and out of the warehouse: in-process, and over HTTP with
      and without compression. Needs nothing but this machine.
`;

type Round = { contender: string; insertedPerS: number; readPerS: number };

const TABLE = 'tollgate.bench';
const PARTITIONS = 16;

async function prepare(warehouse: Warehouse): Promise<void> {
  const columns = eventColumns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
  await warehouse.command('CREATE DATABASE IF NOT EXISTS tollgate');
  // Like the projector's staging table, where its rows enter.
  await warehouse.command(`CREATE TABLE IF NOT EXISTS ${TABLE} (${columns}) ENGINE = Memory`);
}

async function measure(
  contender: string,
  warehouse: Warehouse,
  batches: readonly Buffer[],
  rows: number,
): Promise<Round> {
  const startMs = performance.now();
  for (const lines of batches) {
    await warehouse.command(`TRUNCATE TABLE ${TABLE}`);
    await warehouse.insertLines(TABLE, lines);
  }
  const insertedMs = performance.now() - startMs;
  const readMs = performance.now();
  const read = await warehouse.query<{ id: string }>(`SELECT * FROM ${TABLE}`);
  const readPerS = (rows / (performance.now() - readMs)) * 1000;
  if (read.length !== rows) throw new Error(`${contender}: ${read.length} rows of ${rows}`);
  return { contender, insertedPerS: ((rows * batches.length) / insertedMs) * 1000, readPerS };
}

export async function benchWarehouse(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '10000' },
      batches: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '5' },
      compare: { type: 'string' },
    },
  });
  const rows = Number(values.rows);
  const source = new EventSource(PARTITIONS, Date.now() - 86_400_000, 1);
  const batches = Array.from({ length: Number(values.batches) }, () =>
    Buffer.concat(source.batch(rows).flatMap(({ value }) => [value, Buffer.from('\n')])),
  );
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const shim = await startClickhouseShim();
  const contenders: [string, Warehouse][] = [
    ['in_process', await openChdbWarehouse({ path: join(folder, 'warehouse') })],
    ['http', await openClickhouseWarehouse({ url: shim.url })],
    ['http_gzip', await openClickhouseWarehouse({ url: shim.url, compression: 'gzip' })],
    ['http_zstd', await openClickhouseWarehouse({ url: shim.url, compression: 'zstd' })],
  ];
  const rounds: Round[] = [];
  try {
    for (const [, warehouse] of contenders) await prepare(warehouse);
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [name, warehouse] of contenders) {
        const result = await measure(name, warehouse, batches, rows);
        // The first one warms up.
        if (round > 0) rounds.push(result);
      }
    }
  } finally {
    for (const [, warehouse] of contenders) await warehouse.close();
    await shim.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
  const summary = summaryOf(
    contenders.map(([name]) => name),
    rounds,
    batches[0] ?? Buffer.alloc(0),
  );
  report('warehouse', { rows, batches: batches.length }, rounds, summary, values.compare);
}

function summaryOf(names: readonly string[], rounds: readonly Round[], lines: Buffer) {
  const summary: Record<string, number> = {};
  for (const name of names) {
    const own = rounds.filter(({ contender }) => contender === name);
    summary[`${name}_inserted_per_s`] = median(own.map((round) => round.insertedPerS));
    summary[`${name}_read_per_s`] = median(own.map((round) => round.readPerS));
    console.error(
      `${name}: ${rounded(summary[`${name}_inserted_per_s`] ?? 0)} rows/s in, ` +
        `${rounded(summary[`${name}_read_per_s`] ?? 0)} rows/s out`,
    );
  }
  const level = { params: { [zlib.ZSTD_c_compressionLevel]: 1 } };
  summary['gzip_ratio'] = lines.length / gzipSync(lines, { level: 1 }).length;
  summary['zstd_ratio'] = lines.length / zstdCompressSync(lines, level).length;
  return summary;
}
