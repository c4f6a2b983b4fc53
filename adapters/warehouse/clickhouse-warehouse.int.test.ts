import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { openClickhouseWarehouse } from './clickhouse-warehouse.ts';

/** As the server says it, the literal within its text. */
const TREE = [
  'SelectWithUnionQuery (children 1)',
  ' ExpressionList (children 1)',
  '  SelectQuery (children 1)',
  '   ExpressionList (children 1)',
  "    Literal 'Code: 241. DB::Exception: x'",
];

it('a literal that looks like an exception is none', async () => {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const explains = Buffer.concat(chunks).toString().startsWith('EXPLAIN');
    response.end(explains ? `${TREE.join('\n')}\n` : '{"one":1}\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const warehouse = await openClickhouseWarehouse({ url: `http://127.0.0.1:${port}` });
  try {
    expect(await warehouse.syntaxTree("SELECT 'Code: 241. DB::Exception: x'")).toHaveLength(5);
  } finally {
    await warehouse.close();
    server.closeAllConnections();
    server.close();
  }
});
