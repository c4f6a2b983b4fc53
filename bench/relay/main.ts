/**
 * The bare relay that every ratio is taken against: `node:http` in front, undici's
 * `Pool.dispatch` behind, no parsing, nothing stored. It stays as it is, so that figures of
 * different days compare.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const upstream = process.argv[2];
if (upstream === undefined) {
  throw new Error('usage: node bench/relay/main.ts UPSTREAM_URL [CONNECTIONS]');
}
const connections = Number(process.argv[3] ?? 128);
const pool = new Pool(upstream, { connections, pipelining: 1 });

function relay(path: string, body: Buffer, response: ServerResponse): void {
  pool.dispatch(
    { path, method: 'POST', headers: { 'content-type': 'application/json' }, body },
    {
      onRequestStart() {
        // Nothing to keep.
      },
      onResponseStart(_controller, status, headers) {
        response.writeHead(status, headers as Record<string, string>);
      },
      onResponseData(_controller, chunk) {
        response.write(chunk);
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        response.destroy();
      },
    },
  );
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => relay(request.url ?? '/', Buffer.concat(chunks), response));
});
server.listen(0, '127.0.0.1', () => {
  console.log(
    JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
  );
});
