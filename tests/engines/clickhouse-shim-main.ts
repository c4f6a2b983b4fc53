/**
 * `node tests/engines/clickhouse-shim-main.ts --data DIR [--host H] [--port N] [--users FILE]`: the
 * REAL ENGINE (chDB) behind a thin front of ClickHouse's HTTP interface, on loopback unless told
 * otherwise (in a container), until SIGTERM or SIGINT; for tests only. What was answered survives
 * SIGKILL. FILE holds a JSON array of name, password, access. Prints one line of JSON when it is
 * ready.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveClickhouse } from './clickhouse-shim/server.ts';
import type { ShimUser } from './clickhouse-shim/users.ts';
import { portOf, serveUntilSignal } from './serve-until-signal.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    data: { type: 'string' },
    users: { type: 'string' },
  },
});
const USAGE = 'clickhouse-shim-main.ts --data DIR [--host H] [--port N] [--users FILE]';
const port = portOf(values.port, USAGE);
if (values.data === undefined) {
  console.error(`Usage: ${USAGE}`);
  process.exit(1);
}
const anyone: ShimUser[] = [{ name: 'default', password: '', access: 'write' }];
const users =
  values.users === undefined
    ? anyone
    : (JSON.parse(readFileSync(values.users, 'utf8')) as ShimUser[]);
const server = await serveClickhouse({ path: values.data, host: values.host, port, users });
const label = 'chDB behind a thin HTTP front, for tests only';
serveUntilSignal({ label, url: `http://${values.host}:${server.port}` }, () => server.close());
