/**
 * The warehouse on a ClickHouse server, over HTTP. The same SQL as embedded, settings in its text.
 *
 * Only a SELECT is ever sent twice. A command or an insert whose answer is lost may have been done,
 * may still run, or may never have arrived. It is rejected, and the caller looks at which rows exist
 * (design §9; tests/contract/clickhouse-faults.contract.test.ts). The next statement then starts while
 * the lost one may still run: two writers are kept apart by the fence, never by this queue.
 */

import { randomUUID } from 'node:crypto';
import { Backoff, pause } from '../backoff/backoff.ts';
import { OneAtATime } from '../process/one-at-a-time.ts';
import { boundedSelect } from './bounded-select.ts';
import { type ClickhouseAddress, ClickhouseConnection } from './clickhouse-connection.ts';
import { type ClickhouseLimits, clickhouseLimits } from './clickhouse-limits.ts';
import { CLUSTER_SETTINGS, FENCE_INSERT_SETTINGS, FENCE_TABLE } from './cluster-schema.ts';
import { Pool } from './pool.ts';
import { INSERT_SETTINGS_TEXT, PARQUET_SETTINGS, READ_SETTINGS } from './statement-settings.ts';
import type { Row, Warehouse } from './warehouse.ts';
import { CANCELLED, TIMEOUT_EXCEEDED, WarehouseError } from './warehouse-error.ts';

export type ClickhouseOptions = ClickhouseAddress & {
  /** The tables are a cluster's (cluster-schema.ts). The URL is still that of one of its nodes. */
  cluster?: string;
  limits?: Partial<ClickhouseLimits>;
  logger?: { warn(fields: object, message: string): void };
};

/** Node's names for a connection that could not be made or broke. */
const CONNECTION_FAILURES = [
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
];
/** ClickHouse's TOO_MANY_SIMULTANEOUS_QUERIES. */
const SERVER_BUSY = '202';
const TRY_AGAIN = new Set([...CONNECTION_FAILURES, SERVER_BUSY]);

const WHOLE_CLUSTER = /\bON CLUSTER\b/;
const TABLE_NAME = /^\w+(\.\w+)?$/;

/**
 * @throws WarehouseError if the server does not answer, or not to this user; on a cluster also if the
 *   user's settings would break a promise
 */
export async function openClickhouseWarehouse(options: ClickhouseOptions): Promise<Warehouse> {
  const { limits: changed, logger, cluster, ...address } = options;
  const limits = { ...clickhouseLimits, ...changed };
  const connection = new ClickhouseConnection(address, limits);
  const warehouse = new ClickhouseWarehouse(connection, { limits, logger, cluster });
  try {
    await warehouse.query('SELECT 1 AS one');
    if (cluster !== undefined) await checkClusterSettings(warehouse);
  } catch (error) {
    await warehouse.close();
    throw error;
  }
  return warehouse;
}

async function checkClusterSettings(warehouse: Warehouse): Promise<void> {
  const names = Object.keys(CLUSTER_SETTINGS);
  const rows = await warehouse.query<{ name: string; value: string }>(
    'SELECT name, value FROM system.settings WHERE name IN {names:Array(String)} ORDER BY name',
    { names },
  );
  const wrong = rows.filter(({ name, value }) => value !== CLUSTER_SETTINGS[name]);
  if (wrong.length === 0 && rows.length === names.length) return;
  const texts = wrong.map(
    ({ name, value }) => `${name} is ${value}, not ${CLUSTER_SETTINGS[name]}`,
  );
  throw new WarehouseError('cluster_settings', `settings of this user: ${texts.join('; ')}`);
}

class ClickhouseWarehouse implements Warehouse {
  readonly #connection: ClickhouseConnection;
  readonly #limits: ClickhouseLimits;
  readonly #logger: ClickhouseOptions['logger'];
  readonly #cluster: string | undefined;
  readonly #reads: Pool<number>;
  readonly #guests: Pool<number>;
  readonly #files: Pool<number>;
  readonly #writes = new OneAtATime();
  readonly #loads = new OneAtATime();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(
    connection: ClickhouseConnection,
    options: {
      limits: ClickhouseLimits;
      logger: ClickhouseOptions['logger'];
      cluster: string | undefined;
    },
  ) {
    const { limits } = options;
    this.#connection = connection;
    this.#limits = limits;
    this.#logger = options.logger;
    this.#cluster = options.cluster;
    this.#reads = new Pool(places(limits.reads), limits.readQueueMax);
    this.#guests = new Pool(places(limits.guests), limits.guestQueueMax);
    this.#files = new Pool(places(limits.files), limits.fileQueueMax);
  }

  query<T extends Row>(sql: string, params: Record<string, unknown> = {}): Promise<T[]> {
    const query = `${sql} SETTINGS ${READ_SETTINGS}`;
    return this.#read(this.#reads, (timeoutMs) =>
      this.#connection.rows<T>(query, params, timeoutMs),
    );
  }

  select(
    ...[sql, bounds, signal]: Parameters<Warehouse['select']>
  ): ReturnType<Warehouse['select']> {
    const query = boundedSelect(sql, bounds);
    const overdueMs = bounds.secondsMax * 1_000 + this.#limits.guestGraceMs;
    return this.#read(this.#guests, async (timeoutMs) => {
      const asked = { queryId: `guest-${randomUUID()}`, timeoutMs: overdueMs, signal };
      if (timeoutMs < overdueMs) asked.timeoutMs = timeoutMs;
      try {
        return await this.#connection.table(query, bounds, asked);
      } catch (error) {
        throw await this.#stopped(asked.queryId, error as WarehouseError);
      }
    });
  }

  /**
   * A server goes on with a query whose client is gone. Where we gave it up, it is killed by its id; what
   * the server said about it by itself, and a connection that broke, are left to its own limits.
   */
  async #stopped(queryId: string, reason: WarehouseError): Promise<WarehouseError> {
    if (reason.code !== 'timeout' && reason.code !== CANCELLED) return reason;
    try {
      const query = `KILL QUERY WHERE query_id = '${queryId}' ASYNC`;
      await this.#connection.run({ query }, this.#limits.killTimeoutMs);
    } catch (error) {
      const { code, message } = error as WarehouseError;
      this.#logger?.warn({ code, reason: message }, "a guest's query could not be killed");
    }
    if (reason.code === CANCELLED) return reason;
    return new WarehouseError(TIMEOUT_EXCEEDED, 'the query was stopped at its time limit', reason);
  }

  async syntaxTree(sql: string): Promise<string[]> {
    const query = `EXPLAIN AST ${sql}`;
    const text = await this.#read(this.#guests, (timeoutMs) =>
      this.#connection.run({ query }, timeoutMs),
    );
    return text.split('\n').slice(0, -1);
  }

  command(sql: string, params: Record<string, unknown> = {}): Promise<void> {
    const { clusterStatementTimeoutMs, writeTimeoutMs } = this.#limits;
    const timeoutMs = WHOLE_CLUSTER.test(sql) ? clusterStatementTimeoutMs : writeTimeoutMs;
    return this.#write(this.#writes, () => this.#connection.run({ query: sql, params }, timeoutMs));
  }

  insertLines(table: string, lines: string | Uint8Array): Promise<void> {
    return this.#insert(this.#writes, table, lines);
  }

  async loadLines(table: string, lines: string | Iterable<Uint8Array>): Promise<void> {
    if (typeof lines === 'string') return this.#insert(this.#loads, table, lines);
    const copies = copied(lines, this.#limits.insertBytesMax);
    const first = copies.next();
    // The server refuses an insert of nothing.
    if (first.done) return this.#write(this.#loads, () => Promise.resolve());
    return this.#insertFrom(this.#loads, table, followed(first.value, copies));
  }

  async #insert(queue: OneAtATime, table: string, lines: string | Uint8Array): Promise<void> {
    const bytes = typeof lines === 'string' ? Buffer.from(lines) : lines;
    if (bytes.length === 0) return this.#write(queue, () => Promise.resolve());
    if (bytes.length > this.#limits.insertBytesMax) throw tooLarge(this.#limits.insertBytesMax);
    return this.#insertFrom(queue, table, [bytes]);
  }

  async #insertFrom(queue: OneAtATime, table: string, body: Iterable<Uint8Array>): Promise<void> {
    if (!TABLE_NAME.test(table)) throw new Error(`${table} is no name of a table`);
    const linearised = this.#cluster !== undefined && table === FENCE_TABLE;
    const settings = linearised
      ? `${INSERT_SETTINGS_TEXT}, ${FENCE_INSERT_SETTINGS}`
      : INSERT_SETTINGS_TEXT;
    const query = `INSERT INTO ${table} SETTINGS ${settings} FORMAT JSONEachRow`;
    const { writeTimeoutMs } = this.#limits;
    return this.#write(queue, () => this.#connection.run({ query, body }, writeTimeoutMs));
  }

  /** Holds a place until its reader is done, also where that is before the end. */
  async *parquet(
    sql: string,
    params: Record<string, unknown> = {},
  ): AsyncGenerator<Uint8Array, void> {
    const query = `${sql} SETTINGS ${PARQUET_SETTINGS}`;
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const { promise: mayBegin, resolve: begin, reject } = Promise.withResolvers<void>();
    const place = this.#tracked(() =>
      this.#files.run(() => {
        begin();
        return isOver;
      }),
    );
    place.catch(reject);
    try {
      await mayBegin;
      yield* this.#connection.parquet(query, params, this.#limits.fileTimeoutMs);
    } finally {
      end();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
    await this.#connection.close();
  }

  #write(queue: OneAtATime, work: () => Promise<unknown>): Promise<void> {
    return this.#tracked(async () => {
      await queue.run(work);
    });
  }

  #read<T>(pool: Pool<number>, work: (timeoutMs: number) => Promise<T>): Promise<T> {
    return this.#tracked(() => pool.run(() => this.#triedAgain(work)));
  }

  async #triedAgain<T>(work: (timeoutMs: number) => Promise<T>): Promise<T> {
    const { readTimeoutMs, readRetryMs, retryPauseMs } = this.#limits;
    const startMs = performance.now();
    const backoff = new Backoff(retryPauseMs);
    for (;;) {
      const pauseMs = backoff.next();
      const spentMs = performance.now() - startMs;
      try {
        return await work(readTimeoutMs - spentMs);
      } catch (error) {
        const { code, message: reason } = error as WarehouseError;
        const nextMs = performance.now() - startMs + pauseMs;
        if (!TRY_AGAIN.has(code) || nextMs > Math.min(readRetryMs, readTimeoutMs)) throw error;
        this.#logger?.warn({ code, reason, pauseMs }, 'a query of the warehouse is tried again');
        await pause(pauseMs);
      }
    }
  }

  async #tracked<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new WarehouseError('closed', 'the warehouse is closed');
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

const places = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Copies, one by one as they are sent: the socket may keep one until the server has taken it. */
function* copied(chunks: Iterable<Uint8Array>, bytesMax: number): Generator<Uint8Array, void> {
  let bytes = 0;
  for (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    yield Buffer.from(chunk);
  }
}

function* followed<T>(first: T, rest: Iterable<T>): Iterable<T> {
  yield first;
  yield* rest;
}

function tooLarge(bytesMax: number): WarehouseError {
  return new WarehouseError('insert_too_large', `an insert has at most ${bytesMax} bytes`);
}
