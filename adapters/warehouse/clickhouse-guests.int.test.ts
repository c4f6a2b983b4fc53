import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClickhouseWarehouse } from './clickhouse-warehouse.ts';
import type { SelectBounds, Warehouse } from './warehouse.ts';

const BOUNDS: SelectBounds = {
  ...{ rowsMax: 1, resultBytesMax: 1e6, secondsMax: 0.2, memoryBytesMax: 1e8, threadsMax: 1 },
};
const GUEST = /^SELECT \* FROM \(/;
const TOO_LONG = 'Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)\n';

/** What came, guests' queries by their ids. */
let came: { sql: string; id: string | null }[];
let answers: (sql: string) => string | null;
let server: Server;
let warehouse: Warehouse;
let warnings: string[];

beforeEach(async () => {
  came = [];
  warnings = [];
  answers = (sql) => (GUEST.test(sql) ? null : '{"one":1}\n');
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sql = Buffer.concat(chunks).toString();
    came.push({ sql, id: new URL(request.url ?? '', 'http://x').searchParams.get('query_id') });
    const answer = answers(sql);
    if (answer === null) return;
    if (answer.startsWith('Code:')) {
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': answer.slice(6, 9) });
    }
    response.end(answer);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  warehouse = await openClickhouseWarehouse({
    url: `http://127.0.0.1:${port}`,
    limits: { guestGraceMs: 100, killTimeoutMs: 500 },
    logger: { warn: (_fields, message) => warnings.push(message) },
  });
});
afterEach(async () => {
  await warehouse.close();
  server.closeAllConnections();
  server.close();
});

const guests = () => came.filter(({ sql }) => GUEST.test(sql));
const kills = () => came.filter(({ sql }) => sql.startsWith('KILL')).map(({ sql }) => sql);
const killOf = (id: string | null | undefined) => `KILL QUERY WHERE query_id = '${id}' ASYNC`;

describe("a guest's query on a server", () => {
  it('is killed by its id where it outlives its time, and the guest is told', async () => {
    await expect(warehouse.select('SELECT 1', BOUNDS)).rejects.toMatchObject({ code: '159' });
    const [guest, ...others] = guests();
    expect([guest?.id, others]).toEqual([expect.stringMatching(/^guest-[\da-f-]{36}$/), []]);
    expect(kills()).toEqual([killOf(guest?.id)]);
  });

  it('is killed where the client has left', async () => {
    const left = new AbortController();
    const asked = warehouse.select('SELECT 1', { ...BOUNDS, secondsMax: 30 }, left.signal);
    const ended = expect(asked).rejects.toMatchObject({ code: '394' });
    while (guests().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    left.abort();
    await ended;
    expect(kills()).toEqual([killOf(guests()[0]?.id)]);
  });

  it('is not killed where the server has ended it by itself', async () => {
    answers = (sql) => (GUEST.test(sql) ? TOO_LONG : '{"one":1}\n');
    await expect(warehouse.select('SELECT 1', BOUNDS)).rejects.toMatchObject({ code: '159' });
    expect([guests().length, kills()]).toEqual([1, []]);
  });

  it('that cannot be killed is logged, and the guest is told no less', async () => {
    answers = (sql) => (/^(KILL|SELECT \* FROM \()/.test(sql) ? null : '{"one":1}\n');
    await expect(warehouse.select('SELECT 1', BOUNDS)).rejects.toMatchObject({ code: '159' });
    expect(warnings).toEqual(["a guest's query could not be killed"]);
  });
});
