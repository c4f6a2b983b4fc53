/**
 * The REAL ENGINE BEHIND A THIN FRONT: chDB over ClickHouse's HTTP interface, for tests where no
 * server can be installed. What belongs to the server and not to the engine is left out: sessions,
 * roles, access rights beyond read and write, settings in the query string (refused), progress in
 * headers, answers that begin before the statement has ended, KILL QUERY by our id, Replicated
 * tables.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { Engine, EngineError } from './engine.ts';
import { multipartFields } from './multipart.ts';
import { authenticate, authorize, type ShimUser } from './users.ts';

/** As the server's default. */
const KEEP_ALIVE_MS = 10_000;
/** Parameters of the server's own HTTP interface that mean nothing to the engine. */
const IGNORED = new Set([
  'enable_http_compression',
  'http_headers_progress_interval_ms',
  'query_id',
  'send_progress_in_http_headers',
  'wait_end_of_query',
]);
/** Parameters of the query string that have a meaning here. */
const KNOWN = new Set(['database', 'default_format', 'query']);

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  br: promisify(brotliDecompress),
  gzip: promisify(gunzip),
  identity: (bytes) => Promise.resolve(bytes),
  zstd: promisify(zstdDecompress),
};
/** In the order in which the server chooses them. */
const ENCODERS = [
  ['zstd', promisify(zstdCompress)],
  ['gzip', promisify(gzip)],
] as const;

export type ClickhouseServer = { port: number; close(): Promise<void> };

/**
 * @param options.port 0: a free one
 * @param options.host default: loopback
 */
export async function serveClickhouse(options: {
  path: string;
  port: number;
  host?: string;
  users: readonly ShimUser[];
}): Promise<ClickhouseServer> {
  const engine = new Engine(options.path);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(engine, options.users, request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the front has no port');
  return { port: address.port, close: () => closed(server, engine) };
}

async function closed(server: Server, engine: Engine): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await done;
  await engine.close();
}

async function answer(
  engine: Engine,
  users: readonly ShimUser[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front');
  if (url.pathname === '/ping') return void response.end('Ok.\n');
  try {
    const user = authenticate(users, request);
    const body = await bodyOf(request);
    const { sql, data, params, format } = statementOf(request, url, body);
    authorize(user, sql);
    const database = url.searchParams.get('database') ?? 'default';
    const statement = { sql, body: data, params, database, defaultFormat: format };
    const bytes = await engine.run(statement);
    await send(request, response, url, bytes);
  } catch (error) {
    // The body broke off: nobody waits for an answer, and nothing was run.
    if (!(error instanceof EngineError)) return void response.destroy();
    response.statusCode = statusOf(error.code);
    response.setHeader('X-ClickHouse-Exception-Code', error.code);
    response.end(`Code: ${error.code}. DB::Exception: ${error.message}\n`);
  }
}

function statementOf(request: IncomingMessage, url: URL, body: Buffer) {
  const fields = multipartFields(request.headers['content-type'] ?? '', body);
  const given = new Map([...url.searchParams, ...(fields ?? [])]);
  const params = new Map<string, string>();
  for (const [name, value] of given) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
    else if (!KNOWN.has(name) && !IGNORED.has(name)) {
      throw new EngineError(48, `This front takes no ${name} outside the SQL. (NOT_IMPLEMENTED)`);
    }
  }
  const inUrl = given.get('query');
  const sql = inUrl ?? body.toString();
  const data = inUrl === undefined || fields !== undefined ? Buffer.alloc(0) : body;
  return { sql, data, params, format: given.get('default_format') ?? 'TabSeparated' };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const decode = DECODERS[encoding];
  if (decode === undefined) throw new EngineError(48, `No ${encoding} here. (NOT_IMPLEMENTED)`);
  return decode(Buffer.concat(chunks));
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  bytes: Uint8Array,
): Promise<void> {
  const wanted = request.headers['accept-encoding']?.toString() ?? '';
  const asked = url.searchParams.get('enable_http_compression') === '1';
  const encoder = asked ? ENCODERS.find(([name]) => wanted.includes(name)) : undefined;
  response.setHeader('X-ClickHouse-Summary', '{}');
  if (encoder === undefined) return void response.end(bytes);
  const [name, encode] = encoder;
  response.setHeader('Content-Encoding', name);
  response.end(await encode(bytes));
}

/** As the server chooses them. */
function statusOf(code: number): number {
  if (code === 516 || code === 497) return 403;
  if (code === 60 || code === 81) return 404;
  if (code === 202) return 503;
  return code === 62 || code === 456 || code === 36 ? 400 : 500;
}
