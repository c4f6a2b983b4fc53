/**
 * The embedded warehouse: the ClickHouse engine in this process (chDB), behind the official client.
 * A connection runs one statement at a time: one writes, one takes rows in, and a few read. One
 * data folder belongs to one process, and never to a worker thread (docs/design.md, Processes and
 * files).
 */
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { OneAtATime } from '../process/one-at-a-time.ts';
import { chdbError } from './chdb-error.ts';
import type { GuestLimits } from './guests/guest-limits.ts';
import { type GuestSource, Guests } from './guests/guests.ts';
import { ParquetFiles } from './parquet-files.ts';
import { Pool } from './pool.ts';
import { RowsFile } from './rows-file.ts';
import { INSERT_SETTINGS, INSERT_SETTINGS_TEXT, READ_SETTINGS } from './statement-settings.ts';
import type { Row, Warehouse } from './warehouse.ts';

type Reader = {
  client: ClickHouseClient;
  connection: ReturnType<typeof createChdbConnection>;
};

type ClientOptions = NonNullable<Parameters<typeof createClient>[0]>;

/** Connections for SELECTs; each running query occupies a thread of libuv's pool of 16. */
const READERS = 3;
/** Queries that may wait for a reader; beyond it the caller is told at once. */
const READ_QUEUE_MAX = 256;
/** Rows up to this size are sent with their statement, which needs no file. */
const INLINE_BYTES_MAX = 64 * 1024;

/**
 * @param options.guests limits of guests' processes that differ
 * @throws WarehouseError if another process has the folder
 */
export async function openChdbWarehouse(options: {
  path: string;
  guests?: Partial<GuestLimits>;
}): Promise<Warehouse> {
  const connect = (): Reader => {
    const connection = createChdbConnection({ path: options.path });
    const client = createClient({ connection } as unknown as ClientOptions);
    return { connection, client };
  };
  const writer = connect();
  const loader = connect();
  const readers = Array.from({ length: READERS }, connect);
  const reads = new Pool(readers, READ_QUEUE_MAX);
  const freezer = connect();
  const exporter = connect();
  const files = new ParquetFiles(`${options.path}.exported`, async (sql, params) => {
    await guarded(() => exporter.client.command({ query: sql, query_params: params }));
  });
  const writes = new OneAtATime();
  const loads = new OneAtATime();
  const written = new RowsFile(`${options.path}.rows`);
  const loaded = new RowsFile(`${options.path}.loaded`);
  let writesDone = 0;
  const counted = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } finally {
      // Also where it failed: some of it may have been done.
      writesDone += 1;
    }
  };
  const query = <T extends Row>(sql: string, params: Record<string, unknown> = {}) =>
    read(reads, async ({ client }) => {
      const text = `${sql} SETTINGS ${READ_SETTINGS}`;
      const answer = await client.query({
        query: text,
        query_params: params,
        format: 'JSONEachRow',
      });
      return answer.json<T>();
    });
  const source: GuestSource = {
    path: options.path,
    query,
    freeze: async (sql) => {
      await guarded(() => freezer.client.command({ query: sql }));
    },
    writes: () => writesDone,
  };
  const guests = new Guests(source, options.guests);
  await guests.clear();
  return {
    query,
    select: (sql, bounds, signal) => guests.select(sql, bounds, signal),
    syntaxTree: (sql) => guests.syntaxTree(sql),
    command: (sql, params = {}) =>
      writes.run(() =>
        counted(async () => {
          await guarded(() => writer.client.command({ query: sql, query_params: params }));
        }),
      ),
    insertLines: (table, lines) =>
      writes.run(() => counted(() => insertInto(writer, written, table, lines))),
    loadLines: (table, lines) =>
      loads.run(() => counted(() => insertInto(loader, loaded, table, lines))),
    parquet: (sql, params = {}) => files.of(sql, params),
    async close() {
      await guests.close();
      await files.close();
      await Promise.all([writes, loads].map((queue) => queue.run(() => Promise.resolve())));
      await Promise.all(
        [writer, loader, freezer, exporter, ...readers].map(({ client }) => client.close()),
      );
      await Promise.all([written.close(), loaded.close()]);
    },
  };
}

async function insertInto(
  place: Reader,
  file: RowsFile,
  table: string,
  lines: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  if (typeof lines === 'string') return insertInto(place, file, table, Buffer.from(lines));
  if (!(lines instanceof Uint8Array)) return insertFrom(place, file, table, lines);
  if (lines.length === 0) return;
  if (lines.length > INLINE_BYTES_MAX) return insertFrom(place, file, table, [lines]);
  const insert = { table, values: lines, format: 'JSONEachRow' as const };
  await guarded(() => place.connection.chdb.rawInsert({ ...insert, settings: INSERT_SETTINGS }));
}

/**
 * Rows that are sent with their statement cost the engine some 12 ns per byte before it looks at the
 * first one (chDB 26.7, even for a single column), and copies of them. From a file it reads them as
 * they are.
 */
async function insertFrom(
  { connection }: Reader,
  file: RowsFile,
  table: string,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  await guarded(async () => {
    const path = await file.hold(chunks);
    if (path === null) return;
    await connection.chdb.queryAsync(
      `INSERT INTO ${table} FROM INFILE '${path}'
       SETTINGS ${INSERT_SETTINGS_TEXT}, input_format_parallel_parsing = 0 FORMAT JSONEachRow`,
    );
  });
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw chdbError(cause);
  }
}

/**
 * What a failed query had already written comes out before the next answer of its connection, which
 * may be another caller's (chDB 26.7; I10). So the next statement is one whose answer is not read.
 */
async function emptied({ connection }: Reader): Promise<void> {
  await guarded(() => connection.chdb.queryAsync('SELECT 1', { format: 'TabSeparated' }));
}

async function read<T>(pool: Pool<Reader>, work: (reader: Reader) => Promise<T>): Promise<T> {
  return pool.run(async (reader) => {
    try {
      return await guarded(() => work(reader));
    } catch (error) {
      await emptied(reader);
      throw error;
    }
  });
}
