/**
 * The real engine (chDB), used like a server: several statements at once, each on a connection of
 * its own while it runs. No statement sees the settings of another.
 */
import { open, unlink } from 'node:fs/promises';
import { createChdbConnection } from 'chdb/connection';

export type Statement = {
  sql: string;
  /** Data of an INSERT, after its FORMAT. */
  body: Buffer;
  /** As in the query string of a request: escaped as in TabSeparated. */
  params: ReadonlyMap<string, string>;
  database: string;
  defaultFormat: string;
};

/** An error with the engine's code and its text, as a server would send it. */
export class EngineError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

type Connection = {
  chdb: ReturnType<typeof createChdbConnection>['chdb'];
  close(): Promise<void>;
  /** Parameters stay with a connection: only those that the statement itself brings count. */
  known: Set<string>;
  /** A file for rows; its name is removed while it is read. */
  file: string;
};

/** Each running statement occupies a thread of libuv's pool, which has 16. */
const CONNECTIONS = 8;
/** As `max_concurrent_queries` of a server. */
const WAITING_MAX = 100;

/** Rows beyond this go to the engine in a file, which it reads as it is (chdb-warehouse.ts). */
const INLINE_BYTES_MAX = 64 * 1024;
const INSERT_ROWS = /^\s*(INSERT\s+INTO\s+[\w.]+)(\s.*\bFORMAT\s+JSONEachRow\s*)$/is;

export class Engine {
  readonly #idle: Connection[];
  readonly #all: readonly Connection[];
  readonly #waiting: ((connection: Connection) => void)[] = [];

  /** @throws Error if another process has the folder */
  constructor(path: string) {
    this.#all = Array.from({ length: CONNECTIONS }, (_, index) => {
      const connection = createChdbConnection({ path });
      const { chdb } = connection;
      const file = `${path}.rows${index}`;
      return { chdb, close: () => connection.close(), known: new Set<string>(), file };
    });
    this.#idle = [...this.#all];
  }

  /** @throws EngineError */
  async run(statement: Statement): Promise<Uint8Array> {
    const connection = this.#idle.pop() ?? (await this.#wait());
    try {
      return await runOn(connection, statement);
    } catch (error) {
      // The output of a failed query would come out before the next answer (chDB 26.7).
      await connection.chdb.queryAsync('SELECT 1', { format: 'TabSeparated' });
      throw engineErrorOf(error);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(connection);
      else next(connection);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((connection) => connection.close()));
  }

  #wait(): Promise<Connection> {
    if (this.#waiting.length >= WAITING_MAX) {
      throw new EngineError(202, 'Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)');
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

async function runOn(connection: Connection, statement: Statement): Promise<Uint8Array> {
  const { sql, body, params, database, defaultFormat: format } = statement;
  const { chdb, known } = connection;
  const missing = [...known].find((name) => !params.has(name) && sql.includes(`{${name}:`));
  if (missing !== undefined) {
    throw new EngineError(456, `Substitution \`${missing}\` is not set. (UNKNOWN_QUERY_PARAMETER)`);
  }
  for (const [name, value] of params) {
    if (!/^\w+$/.test(name)) throw new EngineError(36, `Bad parameter ${name}. (BAD_ARGUMENTS)`);
    await chdb.queryAsync(`SET param_${name} = ${quoted(value)}`);
    known.add(name);
  }
  if (database !== 'default') await chdb.queryAsync(`USE \`${database.replaceAll('`', '')}\``);
  try {
    const [, into, rest] = INSERT_ROWS.exec(sql) ?? [];
    if (into !== undefined && rest !== undefined && body.length > INLINE_BYTES_MAX) {
      return await insertFile(connection, `${into} FROM INFILE`, rest, body);
    }
    const text = body.length > 0 ? `${sql}\n${body.toString()}` : sql;
    return (await chdb.queryAsync(text, { format })).bytes();
  } finally {
    if (database !== 'default') await chdb.queryAsync('USE default');
  }
}

async function insertFile(
  { chdb, file }: Connection,
  before: string,
  after: string,
  body: Buffer,
): Promise<Uint8Array> {
  const handle = await open(file, 'w+', 0o600);
  try {
    await unlink(file);
    for (let at = 0; at < body.length; ) {
      at += (await handle.write(body, at, body.length - at, at)).bytesWritten;
    }
    return (await chdb.queryAsync(`${before} '/dev/fd/${handle.fd}' ${after}`)).bytes();
  } finally {
    await handle.close();
  }
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function engineErrorOf(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const { clickhouseCode, message } = error as Error & { clickhouseCode?: number };
  const text = message.replace(/^Code: \d+\. DB::Exception: /, '');
  return new EngineError(clickhouseCode ?? 1001, text);
}
