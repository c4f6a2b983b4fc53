import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { createUpstream, type Upstream, type UpstreamFailure } from './upstream.ts';

const MB = 1_000_000;
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: 2\r\n\r\nhi';

let server: Server | undefined;
let upstream: Upstream;
const sockets: Socket[] = [];

afterEach(async () => {
  await upstream.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

/** @param connected is called with each connection and how many came before it */
async function open(connected: (socket: Socket, number: number) => void): Promise<void> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    connected(socket, sockets.push(socket) - 1);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  openUpstream((server.address() as AddressInfo).port);
}

function openUpstream(port: number): void {
  upstream = createUpstream({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: '',
    connectionsMax: 1,
    connectTimeoutMs: 1_000,
    headersTimeoutMs: 60_000,
    bodyTimeoutMs: 60_000,
  });
}

type Outcome = { status: number | null; body: string; failure: UpstreamFailure | null };

function post(body: string | Buffer): Promise<Outcome> {
  return new Promise((resolve) => {
    const outcome: Outcome = { status: null, body: '', failure: null };
    upstream.post(
      '/x',
      body,
      {},
      {
        onHeaders: (status) => {
          outcome.status = status;
        },
        onData: (chunk) => {
          outcome.body += chunk.toString();
        },
        onEnd: () => resolve(outcome),
        onFailure: (failure) => resolve({ ...outcome, failure }),
      },
    );
  });
}

/** Calls back when so many bytes have come, and reads no more. */
function afterBytes(socket: Socket, count: number, then: () => void): void {
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < count) return;
    socket.off('data', onData);
    socket.pause();
    then();
  };
  socket.on('data', onData);
}

/** Closed with bytes unread: what follows is a reset. */
function answerAndClose(socket: Socket, answer: string): void {
  socket.write(answer, () => socket.destroy());
}

it('a request that waits for a socket ends at once when it is aborted, unsent', async () => {
  const http = createHttpServer(() => undefined);
  await open((socket) => http.emit('connection', socket));
  const ignore = {
    onHeaders: () => undefined,
    onData: () => undefined,
    onEnd: () => undefined,
    onFailure: () => undefined,
  };
  upstream.post('/first', '{}', {}, ignore);
  await once(http, 'request');
  const failures: UpstreamFailure[] = [];
  const onFailure = (failure: UpstreamFailure) => failures.push(failure);
  const waiting = upstream.post('/second', '{}', {}, { ...ignore, onFailure });
  waiting.abort(new Error('the attempt took too long'));
  expect(failures).toMatchObject([{ kind: 'aborted', unsent: true }]);
  await upstream.close();
  expect(failures).toHaveLength(1);
});

// nodejs/node#54366, envoyproxy/envoy#2929, villadora/express-http-proxy#546
describe('a provider that refuses a request before it has read it', () => {
  // Two of three were lost: the write fails before what has arrived is read.
  it.each([
    [413, 4],
    [429, 8],
    [401, 12],
  ])('with %i, of %i MB, is read each time', async (status, megabytes) => {
    const said = '{"error":{"message":"no"}}';
    const head = `HTTP/1.1 ${status} No\r\ncontent-type: application/json\r\nconnection: close\r\n`;
    const answer = `${head}content-length: ${said.length}\r\n\r\n${said}`;
    const workerData = { readBytes: 65_536, answer };
    const file = new URL('./testing/early-refuser-worker.ts', import.meta.url);
    const refuser = new Worker(file, { workerData });
    const [{ port }] = (await once(refuser, 'message')) as [AddressInfo];
    openUpstream(port);
    const body = Buffer.alloc(megabytes * MB, 'x');
    const outcomes: Outcome[] = [];
    for (let time = 0; time < 20; time++) outcomes.push(await post(body));
    await refuser.terminate();
    expect(outcomes).toEqual(outcomes.map(() => ({ status, body: said, failure: null })));
  });

  it('and says nothing has not got it: it is unsent', async () => {
    await open((socket) => afterBytes(socket, 65_536, () => socket.destroy()));
    expect(await post(Buffer.alloc(12 * MB, 'x'))).toMatchObject({
      status: null,
      failure: { kind: 'broken', unsent: true },
    });
  });

  it('and breaks off in its answer is not unsent: it has answered', async () => {
    await open((socket) =>
      afterBytes(socket, 65_536, () =>
        answerAndClose(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi'),
      ),
    );
    expect(await post(Buffer.alloc(12 * MB, 'x'))).toMatchObject({
      ...{ status: 200, body: 'hi', failure: { kind: 'broken', unsent: false } },
    });
  });
});

// cnighswonger/claude-code-cache-fix#371, decolua/9router#3941, h2o/h2o#281
describe('a kept connection that is closed as it is used again', () => {
  /** Answers the first request of the first connection, and closes that as a second begins. */
  const staleFirst = (socket: Socket, number: number) => {
    socket.once('data', () => {
      socket.write(ANSWER);
      if (number === 0) afterBytes(socket, 1, () => socket.destroy());
    });
  };

  it('is no failure if the request did not leave whole: it goes again, on a new one', async () => {
    await open(staleFirst);
    expect(await post('{}')).toMatchObject({ status: 200, failure: null });
    expect(await post(Buffer.alloc(12 * MB, 'x'))).toEqual({
      status: 200,
      body: 'hi',
      failure: null,
    });
    expect(sockets).toHaveLength(2);
  });

  it('goes again once', async () => {
    await open((socket, number) => {
      if (number > 0) return afterBytes(socket, 65_536, () => socket.destroy());
      staleFirst(socket, number);
    });
    await post('{}');
    expect(await post(Buffer.alloc(12 * MB, 'x'))).toMatchObject({
      failure: { kind: 'broken', unsent: true },
    });
    expect(sockets).toHaveLength(2);
  });

  it('is said to be that if the request may have been read', async () => {
    await open(staleFirst);
    await post('{}');
    expect(await post('{}')).toMatchObject({
      ...{ status: null, failure: { kind: 'closed', unsent: false } },
    });
    expect(await post('{}')).toMatchObject({ status: 200, failure: null });
  });

  it('is not what a new connection does', async () => {
    await open((socket) => socket.once('data', () => socket.destroy()));
    expect(await post('{}')).toMatchObject({ failure: { kind: 'broken', unsent: false } });
  });

  it('is used again as long as it is kept', async () => {
    await open((socket) => socket.on('data', () => socket.write(ANSWER)));
    for (let time = 0; time < 3; time++) expect((await post('{}')).status).toBe(200);
    expect(sockets).toHaveLength(1);
  });
});
