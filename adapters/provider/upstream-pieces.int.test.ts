/** How the pieces of a provider's body come, however it cuts them. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createUpstream,
  type Upstream,
  type UpstreamControl,
  type UpstreamFailure,
} from './upstream.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const END = '0\r\n\r\n';
const TEXT = 'abcdefghijklmnopqrstuvwxyz'.repeat(200);

let said = '';
let server: Server;
let upstream: Upstream;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).on('data', () => socket.write(said));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  upstream = createUpstream({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    apiKey: '',
    connectionsMax: 1,
    connectTimeoutMs: 1_000,
    headersTimeoutMs: 60_000,
    bodyTimeoutMs: 60_000,
  });
});
afterEach(async () => {
  await upstream.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

const chunked = (...pieces: string[]) =>
  pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');

type Came = { text: string; pieces: number };

/** @param onCame is called with each, and may pause */
async function post(onCame?: (came: Came[], control: UpstreamControl) => void) {
  const came: Came[] = [];
  const failure = await new Promise<UpstreamFailure | null>((resolve) => {
    const control = upstream.post(
      '/x',
      '{}',
      {},
      {
        onHeaders: () => undefined,
        onData(chunk, pieces = 1) {
          came.push({ text: chunk.toString(), pieces });
          onCame?.(came, control);
        },
        onEnd: () => resolve(null),
        onFailure: resolve,
      },
    );
  });
  return { came, failure, text: came.map(({ text }) => text).join('') };
}

describe('a body in small pieces', () => {
  it('comes gathered as far as it is there, each byte once and in its order', async () => {
    said = HEAD + chunked(...TEXT.slice(0, 600)) + END;
    const { came, text, failure } = await post();
    expect([text, failure]).toEqual([TEXT.slice(0, 600), null]);
    expect(came.length).toBeLessThan(5);
    expect(came.reduce((sum, { pieces }) => sum + pieces, 0)).toBe(600);
  });

  it('comes in its order among larger ones, which are not gathered', async () => {
    const large = 'L'.repeat(65);
    said = HEAD + chunked('a', 'b', large, 'c', large, large, 'd') + END;
    const { came } = await post();
    expect(came.map(({ text }) => text)).toEqual(['ab', large, 'c', large, large, 'd']);
  });

  it('comes before what breaks its connection off', async () => {
    said = `${HEAD}${chunked('a', 'b')}no length\r\n`;
    const { text, failure } = await post();
    expect([text, failure?.kind]).toEqual(['ab', 'broken']);
  });

  it('can be paused within what has arrived, and goes on where it was', async () => {
    said = HEAD + chunked(...TEXT) + END;
    const sizes: number[] = [];
    let isPaused = false;
    const { came, text } = await post((all, control) => {
      // What had been found by then comes once more.
      if (isPaused) sizes.push(all.at(-1)?.pieces as number);
      if (all.length > 1) return;
      isPaused = true;
      control.pause();
      setTimeout(() => {
        expect(sizes.every((size) => size === 1)).toBe(true);
        expect(sizes.length).toBeLessThan(2);
        isPaused = false;
        control.resume();
      }, 50);
    });
    expect(text).toBe(TEXT);
    expect(Math.max(...came.map(({ pieces }) => pieces))).toBe(2_048);
  });
});

it('a provider that says nothing but that it is about to answer has failed', async () => {
  const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n';
  const answer = `${HEAD}${chunked('whole')}${END}`;
  said = interim.repeat(64) + answer;
  expect(await post()).toMatchObject({ text: 'whole', failure: null });
  said = interim.repeat(65) + answer;
  expect(await post()).toMatchObject({ text: '', failure: { kind: 'broken', unsent: false } });
});
