/**
 * Statements over HTTP to one ClickHouse server. A statement is sent once; whether it may be sent
 * again is decided in clickhouse-warehouse.ts. Only a full answer without an exception is a success: an
 * exception that the server sends after its status 200 is an error too.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { answerBytesMax, TOO_LARGE, tableOf } from './bounded-select.ts';
import type { ClickhouseLimits } from './clickhouse-limits.ts';
import type { SelectBounds, Table } from './warehouse.ts';
import { CANCELLED, WarehouseError } from './warehouse-error.ts';

export type ClickhouseAddress = {
  /** Of one server, without user, password, path or query. */
  url: string;
  username?: string;
  password?: string;
  tls?: { caFile?: string };
  /**
   * Of rows in both directions. Without it by default: on a link of 10 Gbit/s it costs more than it
   * saves (docs/warehouse.md has the figures).
   */
  compression?: 'none' | 'gzip' | 'zstd';
};

/** What the server puts into its text where an exception comes after the status line. */
const LATE_EXCEPTION = /^Code: (\d+)\. DB::Exception: ([\s\S]*)/m;

export class ClickhouseConnection {
  readonly #client: ClickHouseClient;
  readonly #agent: http.Agent;
  readonly #limits: ClickhouseLimits;

  constructor(address: ClickhouseAddress, limits: ClickhouseLimits) {
    const url = checkedUrl(address.url);
    this.#limits = limits;
    this.#agent = agentOf(url, address, limits);
    for (const [name, value] of Object.entries(transportSettings(limits))) {
      url.searchParams.set(`clickhouse_setting_${name}`, value);
    }
    this.#client = createClient({
      url,
      username: address.username ?? 'default',
      password: address.password ?? '',
      application: 'tollgate',
      http_agent: this.#agent,
      // The silence of a connection; each statement has its own deadline, which is shorter.
      request_timeout: Math.max(limits.clusterStatementTimeoutMs, limits.fileTimeoutMs) + 1_000,
      keep_alive: { idle_socket_ttl: limits.idleConnectionMs, eagerly_destroy_stale_sockets: true },
      max_response_headers_size: limits.headerBytesMax,
      use_multipart_params_auto: true,
      compression: compressionOf(address.compression ?? 'none'),
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  /** The rows of a SELECT as JSON objects. */
  rows<T>(query: string, params: Record<string, unknown>, timeoutMs: number): Promise<T[]> {
    return this.#withDeadline(timeoutMs, async (signal) => {
      const asked = { query, query_params: params, abort_signal: signal };
      const answer = await this.#client.query({ ...asked, format: 'JSONEachRow' });
      return answer.json<T>();
    });
  }

  /**
   * A SELECT with the names and types of its columns.
   *
   * @param asked.queryId as the server will know it
   * @param asked.signal gives up when it is aborted
   */
  table(
    query: string,
    bounds: SelectBounds,
    asked: { queryId: string; timeoutMs: number; signal: AbortSignal | undefined },
  ): Promise<Table> {
    const work = async (signal: AbortSignal) => {
      const { stream } = await this.#client.exec({
        query: `${query}\nFORMAT JSONCompact`,
        query_id: asked.queryId,
        abort_signal: signal,
      });
      const text = await textOf(stream, answerBytesMax(bounds), TOO_LARGE);
      const [, code, message] = LATE_EXCEPTION.exec(text) ?? [];
      if (code !== undefined) throw new WarehouseError(code, message ?? text);
      return tableOf(text, bounds);
    };
    return this.#withDeadline(asked.timeoutMs, work, asked.signal);
  }

  /**
   * The rows of a SELECT as a Parquet file. The server keeps it until it is whole (`wait_end_of_query`), so
   * a failure comes before its first byte.
   */
  async *parquet(
    query: string,
    params: Record<string, unknown>,
    timeoutMs: number,
  ): AsyncGenerator<Uint8Array, void> {
    const stream = await this.#withDeadline(timeoutMs, async (signal) => {
      const asked = { query: `${query}\nFORMAT Parquet`, query_params: params };
      return (await this.#client.exec({ ...asked, abort_signal: signal })).stream;
    });
    try {
      for await (const piece of stream) yield piece as Buffer;
    } finally {
      stream.destroy();
    }
  }

  /** Any statement, with the lines of a body where it is an INSERT. @returns the answer's text */
  run(
    statement: { query: string; params?: Record<string, unknown>; body?: Iterable<Uint8Array> },
    timeoutMs: number,
    answerBytesMax = this.#limits.commandAnswerBytesMax,
  ): Promise<string> {
    const { query, params = {}, body } = statement;
    return this.#withDeadline(timeoutMs, async (signal) => {
      const asked = { query, query_params: params, abort_signal: signal };
      const values = body === undefined ? undefined : Readable.from(body, { objectMode: false });
      const { stream } = await this.#client.exec(values ? { ...asked, values } : asked);
      const text = await textOf(stream, answerBytesMax);
      const [, code, message] = LATE_EXCEPTION.exec(text) ?? [];
      if (code !== undefined) throw new WarehouseError(code, message ?? text);
      return text;
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
    this.#agent.destroy();
  }

  async #withDeadline<T>(
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
    leaving?: AbortSignal,
  ): Promise<T> {
    const abort = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const giveUp = (code: string, message: string) => {
      reject(new WarehouseError(code, message));
      abort.abort();
    };
    const timer = setTimeout(
      () => giveUp('timeout', `no answer from ClickHouse within ${timeoutMs} ms`),
      timeoutMs,
    );
    const leave = () => giveUp(CANCELLED, 'nobody waits for the query');
    leaving?.addEventListener('abort', leave);
    try {
      if (leaving?.aborted) leave();
      return await Promise.race([promise, work(abort.signal)]);
    } catch (cause) {
      throw warehouseErrorOf(cause);
    } finally {
      clearTimeout(timer);
      leaving?.removeEventListener('abort', leave);
    }
  }
}

/** Of the transport alone: none changes what a statement means. Over HTTP they hold for one request. */
function transportSettings(limits: ClickhouseLimits): Record<string, string> {
  return {
    // The status comes when all is done: a failure is a status, and 200 means done.
    wait_end_of_query: '1',
    send_progress_in_http_headers: '1',
    http_headers_progress_interval_ms: String(limits.progressIntervalMs),
    // Where a statement names no format, EXPLAIN above all.
    default_format: 'TabSeparatedRaw',
  };
}

/** The quickest level of both codecs: rows of usage are repetitive enough for it. */
const COMPRESSION_LEVEL = 1;

function compressionOf(codec: 'none' | 'gzip' | 'zstd') {
  if (codec === 'none') return { request: false, response: false };
  return { request: { codec, level: COMPRESSION_LEVEL }, response: { codec } };
}

function checkedUrl(text: string): URL {
  const url = new URL(text);
  const plain = url.username === '' && url.password === '' && url.search === '';
  if (!plain || url.pathname !== '/' || !/^https?:$/.test(url.protocol)) {
    throw new Error('the URL of ClickHouse is http(s)://host:port: user and password go apart');
  }
  return url;
}

/** A command or an insert, and a load at the same time. */
const WRITERS = 2;

function agentOf(url: URL, { tls }: ClickhouseAddress, limits: ClickhouseLimits): http.Agent {
  const options = {
    keepAlive: true,
    maxSockets: limits.reads + limits.guests + limits.files + WRITERS,
  };
  const secure = tls?.caFile === undefined ? {} : { ca: readFileSync(tls.caFile) };
  const agent =
    url.protocol === 'https:'
      ? new https.Agent({ ...options, ...secure })
      : new http.Agent(options);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (target, done) => {
    const socket = connect(target, done);
    if (socket instanceof Socket) boundConnecting(socket, url, limits.connectTimeoutMs);
    return socket;
  };
  return agent;
}

function boundConnecting(socket: Socket, url: URL, timeoutMs: number): void {
  const timer = setTimeout(() => {
    const error = new Error(`no connection to ClickHouse within ${timeoutMs} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  }, timeoutMs);
  const stop = () => clearTimeout(timer);
  socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stop);
  socket.once('close', stop);
}

async function textOf(
  stream: Readable,
  bytesMax: number,
  code = 'answer_too_large',
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > bytesMax) {
      stream.destroy();
      throw new WarehouseError(code, `the answer has more than ${bytesMax} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

function warehouseErrorOf(cause: unknown): WarehouseError {
  if (cause instanceof WarehouseError) return cause;
  const error = cause as Error & { code?: string };
  return new WarehouseError(error.code ?? 'unknown', error.message, cause);
}
