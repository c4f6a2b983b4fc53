import { once } from 'node:events';
import { createServer, type OutgoingHttpHeader, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HeaderFields } from './headers.ts';
import { writeWholeHead } from './whole-head.ts';

const BODY = '{"ok":"ÿ"}';
const FIELDS: HeaderFields = ['content-type', 'application/json', 'x-request-id', ['a', 'b']];

/** What is written for each path: our own head, and Node's. */
const answers: Record<string, (response: ServerResponse, status: number) => void> = {
  '/own': (response, status) => {
    writeWholeHead(response, status, [...FIELDS], BODY.length);
    response.end(BODY, 'latin1');
  },
  '/node': (response, status) => {
    const fields = [...FIELDS];
    if (![204, 205, 304].includes(status)) fields.push('content-length', String(BODY.length));
    response.writeHead(status, fields as OutgoingHttpHeader[]);
    response.end(BODY, 'latin1');
  },
};

let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [path, status] = (request.url ?? '').split('?');
    request.resume().on('end', () => answers[path ?? '']?.(response, Number(status)));
  });
  server.keepAliveTimeout = 72_000;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.closeAllConnections());

/** All that comes within the life of a connection, the date of the second left out. */
async function received(request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(request, 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('latin1')
    .replaceAll(/Date: [^\r]+/g, 'Date: …');
}

/** It closes the connection, which would stay open else. */
const LAST = 'GET /node?200 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

const head = (method: string, path: string, version: string, more = '') =>
  `${method} ${path} HTTP/${version}\r\nhost: a\r\n${more}`;

// An answer whose framing differs from what its connection expects lets a client read another call's answer.
it.each([
  { name: 'POST', request: ['POST', '1.1', 'content-length: 0\r\n\r\n'] },
  { name: 'POST of HTTP/1.0', request: ['POST', '1.0', 'content-length: 0\r\n\r\n'] },
  { name: 'POST, kept alive', request: ['POST', '1.0', 'connection: keep-alive\r\n\r\n'] },
  { name: 'POST that closes', request: ['POST', '1.1', 'connection: close\r\n\r\n'] },
  { name: 'HEAD', request: ['HEAD', '1.1', '\r\n'] },
  { name: 'GET', request: ['GET', '1.1', '\r\n'] },
  {
    name: 'POST that expects 100',
    request: ['POST', '1.1', 'expect: 100-continue\r\ncontent-length: 0\r\n\r\n'],
  },
  { name: 'two POST on one connection', request: ['POST', '1.1', 'content-length: 0\r\n\r\n', 2] },
] as const)('I11: a head of our own is Node’s, byte for byte: $name', async ({ request }) => {
  const [method, version, more, times = 1] = request;
  for (const status of [200, 201, 204, 304, 404, 429, 503, 599]) {
    const of = (path: string) =>
      received(head(method, `${path}?${status}`, version, more).repeat(times) + LAST);
    expect(await of('/own')).toBe(await of('/node'));
  }
});
