/**
 * The fault matrix F9 to F11 over two and three candidates: whatever the first ones do, the client gets the
 * right status, every attempt has a hold, a record and a charge of its own, and nothing is left behind.
 * `tests/e2e/routes.e2e.test.ts` has it over sockets, against what providers bill.
 */
import { describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, STREAM_HOLD, USAGE, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const OK = JSON.stringify({ id: 'x', usage });
const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
/** Each call begins with what no other has learned. */
const limits = { coolDownMs: 0, coolDownMsMax: 0 };

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const answer = () => stage.last().answer;

async function open(candidates: number, options: StageOptions = {}): Promise<void> {
  const deployments = Array.from({ length: candidates }, () => ({}));
  stage = await CallStage.open(books(), { limits, deployments, routed: {}, ...options });
}

async function call(stream: boolean): Promise<void> {
  client = stage.call(chat({ stream: stream || undefined }));
  await pass();
}

async function says(status: number, type: object, ...parts: string[]): Promise<void> {
  answer().onHeaders(status, type as Record<string, string>);
  for (const part of parts) answer().onData(Buffer.from(part));
  await pass();
}

async function ends(): Promise<void> {
  answer().onEnd();
  await pass();
}

async function breaks(kind: 'broken' | 'closed' | 'timeout' | 'unreachable', unsent = false) {
  answer().onFailure({ kind, unsent, cause: new Error(kind) });
  await pass();
}

const status = (code: number) => async () => {
  await says(code, JSON_TYPE, '{"error":{"message":"no"}}');
  await ends();
};

type Fault = {
  what: string;
  does: () => Promise<void>;
  /** What the client is told if nobody is left. */
  told: number;
  /** The provider says, or it is known, that nothing is billed. */
  free?: true;
};

const FAULTS: readonly Fault[] = [
  { what: 'answers 429', does: status(429), told: 429, free: true },
  ...[500, 502, 503, 504, 529, 404, 408].map((code) => ({
    what: `answers ${code}`,
    does: status(code),
    told: code,
  })),
  ...[401, 402, 403].map((code) => ({
    what: `answers ${code}`,
    does: status(code),
    told: 502,
    free: true as const,
  })),
  { what: 'cannot be reached', does: () => breaks('unreachable', true), told: 502, free: true },
  { what: 'says nothing until it times out', does: () => breaks('timeout'), told: 504 },
  { what: 'resets before a byte', does: () => breaks('broken'), told: 502 },
  { what: 'closes a kept connection', does: () => breaks('closed'), told: 502 },
  {
    what: 'sends a head and then nothing',
    does: async () => {
      await says(200, JSON_TYPE);
      await breaks('timeout');
    },
    told: 504,
  },
  {
    what: 'sends a body that is shorter than it said',
    does: async () => {
      await says(200, { ...JSON_TYPE, 'content-length': '900' }, OK.slice(0, 20));
      await breaks('broken');
    },
    told: 502,
  },
  {
    what: 'sends comments and no token',
    does: async () => {
      await says(200, SSE, ': wait\n\n', ': wait\n\n');
      await breaks('timeout');
    },
    told: 504,
  },
];

/** What a good answer says, and what the client gets of it. */
async function serves(stream: boolean): Promise<string> {
  if (stream) await says(200, SSE, CHUNK, USAGE + DONE);
  else await says(200, JSON_TYPE, OK);
  await ends();
  return stream ? CHUNK + DONE : OK;
}

describe('F9: an upstream that', () => {
  it.each(FAULTS.map((fault) => [fault.what, fault] as const))(
    '%s: the next one answers, and each attempt is charged what it may be billed',
    async (_, { does, told, free }) => {
      for (const candidates of [2, 3]) {
        await open(candidates);
        for (const stream of [false, true]) {
          for (let failing = 1; failing <= candidates; failing++) {
            const [spent, recorded] = [stage.heldInAll().spent, stage.events().length];
            await call(stream);
            for (let attempt = 0; attempt < failing; attempt++) await does();
            const isServed = failing < candidates;
            const body = isServed ? await serves(stream) : null;
            const attempts = isServed ? failing + 1 : candidates;
            const got = client.got();
            // A stream's head of a failure that ended it is all that there is to break off.
            const isCut = got?.status === 200 && !isServed;
            expect([candidates, stream, failing, isCut ? told : got?.status]).toEqual([
              ...[candidates, stream, failing, isServed ? 200 : told],
            ]);
            if (body !== null) expect(got?.body).toBe(body);
            const hold = stream ? STREAM_HOLD : HOLD;
            const unknown = free ? 0n : hold * BigInt(failing);
            expect(stage.heldInAll()).toEqual({
              held: 0n,
              spent: spent + unknown + (isServed ? 42n : 0n),
            });
            expect(stage.events().length - recorded).toBe(attempts);
            expect(stage.handler.inFlight).toBe(0);
          }
        }
      }
    },
  );

  it('writes a byte a second and no token is waited for as long as the call has time', async () => {
    await open(3, { routed: { timeout_ms: 10_000 } });
    await call(true);
    await says(200, SSE, ':');
    for (let second = 1; second <= 9; second++) {
      await pass(1_000);
      answer().onData(Buffer.from('.'));
    }
    expect([stage.last().controls, client.got()]).toEqual([[], null]);
    await pass(1_000);
    expect(stage.last().controls).toEqual(['the call took too long']);
    await breaks('broken');
    expect([client.got()?.status, stage.posts.length, stage.handler.inFlight]).toEqual([504, 1, 0]);
  });

  it.each([
    ['sends an error event', async () => void (await says(200, SSE, CHUNK, ERROR_EVENT))],
    ['resets', async () => void (await says(200, SSE, CHUNK))],
  ])('%s after a byte was relayed: nobody else is asked', async (_, does) => {
    for (const candidates of [2, 3]) {
      await open(candidates);
      await call(true);
      await does();
      await breaks('broken');
      expect([client.got()?.body.startsWith(CHUNK), stage.posts.length]).toEqual([true, 1]);
      expect([client.connection.destroyed, stage.heldInAll()]).toEqual([
        ...[true, { held: 0n, spent: STREAM_HOLD }],
      ]);
      expect(stage.handler.inFlight).toBe(0);
    }
  });
});

const ERROR_EVENT = 'data: {"error":{"message":"overloaded"}}\n\n';

/** What a stream says, piece by piece. */
const PIECES = [': wait\n\n', CHUNK, CHUNK, USAGE, DONE];

describe('F10: a client that leaves', () => {
  it.each(['drain', 'abort'] as const)(
    'before any piece of an answer, of the first or of a later attempt: nobody else is asked (%s)',
    async (onDisconnect) => {
      for (const failing of [0, 1, 2]) {
        for (let leaves = -1; leaves < PIECES.length; leaves++) {
          await open(3, { key: { onDisconnect } });
          await call(true);
          for (let attempt = 0; attempt < failing; attempt++) await breaks('broken');
          if (leaves === -1) client.connection.destroy();
          else await says(200, SSE);
          for (const [index, piece] of PIECES.entries()) {
            if (index === leaves) client.connection.destroy();
            await pass();
            if (leaves === -1) continue;
            answer().onData(Buffer.from(piece));
          }
          if (onDisconnect === 'abort') await breaks('broken');
          else await ends();
          const at = `${failing} failed, left at ${leaves}`;
          expect([at, stage.posts.length, stage.handler.inFlight, stage.heldInAll().held]).toEqual([
            ...[at, failing + 1, 0, 0n],
          ]);
          expect(stage.events().length).toBe(failing + 1);
        }
      }
    },
  );

  it('is one that reads nothing: its provider is paused, and nobody else is asked', async () => {
    await open(2, {
      limits: { ...limits, clientBufferBytesMax: 1_000, clientStallTimeoutMs: 500 },
    });
    await call(true);
    client.connection.reads = false;
    await says(200, SSE, ...Array.from({ length: 2_000 }, () => CHUNK));
    expect(stage.last().controls).toContain('pause');
    await pass(500);
    expect([client.connection.destroyed, stage.posts.length]).toEqual([true, 1]);
    await breaks('broken');
    expect([stage.handler.inFlight, stage.heldInAll().held, stage.posts.length]).toEqual([
      0,
      0n,
      1,
    ]);
  });
});

describe('F11: malformed server-sent events', () => {
  it.each<[string, string]>([
    ['an event that is no JSON', `${CHUNK}data: {"choices":[{]}\n\n${DONE}`],
    ['no final blank line', `${CHUNK}data: [DONE]`],
    ['bytes that are no text', `${CHUNK}data: \u0000\u0001\n\n${DONE}`],
    ['an unknown event', `event: ping\ndata: {}\n\n${CHUNK}${DONE}`],
    ['lines that end in CR alone', `${CHUNK}data: {}\r\r${DONE}`],
  ])('%s: the client gets the bytes, and no other candidate is asked', async (_, text) => {
    for (const candidates of [2, 3]) {
      await open(candidates);
      await call(true);
      await says(200, SSE, text);
      await ends();
      expect([client.got()?.status, client.got()?.body, stage.posts.length]).toEqual([
        200,
        text,
        1,
      ]);
      expect([stage.heldInAll(), stage.handler.inFlight]).toEqual([
        ...[{ held: 0n, spent: STREAM_HOLD }, 0],
      ]);
    }
  });
});
