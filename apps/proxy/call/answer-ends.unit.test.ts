/** Where an answer ends, by what it says itself, and what becomes of its connection. */
import { describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, USAGE, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const STREAM = chat({ stream: true });
const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const BODY = JSON.stringify({ id: 'a', usage });
const GIVEN_UP = 'the answer ended and its connection did not';
const { upstreamLingerMs, attemptTimeoutMs } = proxyLimits;

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const last = () => stage.last();

async function begin(body = STREAM, options: StageOptions = {}): Promise<void> {
  stage = await CallStage.open(books(), options);
  client = stage.call(body);
  await pass();
}

async function sends(head: Record<string, string> | null, ...data: string[]): Promise<void> {
  if (head !== null) last().answer.onHeaders(200, head);
  for (const bytes of data) last().answer.onData(Buffer.from(bytes));
  await pass();
}

async function breaks(): Promise<void> {
  last().answer.onFailure({ kind: 'broken', unsent: false, cause: new Error('reset') });
  await pass();
}

const isOver = () => client.response.writableEnded;

describe('[DONE] ends a stream', () => {
  it('I9: which leaves as soon as its record is durable, and not before', async () => {
    await begin();
    stage.journalWaits = true;
    await sends(SSE, CHUNK, USAGE + DONE);
    expect([client.got()?.body, isOver()]).toEqual([CHUNK, false]);
    stage.durable();
    await pass();
    expect([client.got()?.body, isOver(), stage.handler.inFlight]).toEqual([CHUNK + DONE, true, 0]);
    expect([stage.events()[0], stage.held()]).toMatchObject([
      { status: 'ok', usage_source: 'provider', error_type: null },
      { held: 0n, spent: 42n },
    ]);
  });

  it('wherever the chunks are cut, with the empty line behind it', async () => {
    const body = CHUNK + USAGE + DONE;
    for (let cut = body.length - DONE.length - 2; cut < body.length; cut++) {
      await begin();
      await sends(SSE, body.slice(0, cut), body.slice(cut));
      expect([cut, client.got()?.body, isOver()]).toEqual([cut, CHUNK + DONE, true]);
    }
  });

  it('and what comes behind it is no part of the answer', async () => {
    await begin();
    await sends(SSE, CHUNK + USAGE + DONE);
    const other = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9 } })}\n\n`;
    await sends(null, ': alive\n\n', other, 'stray');
    await breaks();
    expect([client.got()?.body, stage.held().spent, stage.writes.length]).toEqual([
      CHUNK + DONE,
      42n,
      2,
    ]);
  });

  it.each([
    ['data: [DONE]\n', 'its end'],
    ['data: [DONE]', 'the end of its line'],
  ])('%j: a moment later where it is without %s', async (done) => {
    await begin();
    await sends(SSE, CHUNK + USAGE + done);
    await pass(upstreamLingerMs - 1);
    expect(isOver()).toBe(false);
    await pass(1);
    expect([client.got()?.body, isOver(), stage.events()[0]?.status]).toEqual([
      ...[CHUNK + done, true, 'ok'],
    ]);
  });

  it.each(['data: [DONE]', DONE])('%j: although its connection breaks', async (done) => {
    await begin();
    await sends(SSE, CHUNK + USAGE + done);
    await breaks();
    expect([client.got()?.body, isOver(), stage.events()[0]]).toMatchObject([
      ...[CHUNK + done, true, { status: 'ok', error_type: null, usage_source: 'provider' }],
    ]);
  });

  it('also for a client that reads nothing, whose provider was told to wait', async () => {
    const limits = { clientBufferBytesMax: 10 };
    await begin(STREAM, { limits });
    await sends(SSE, CHUNK);
    client.connection.reads = false;
    await sends(null, `data: ${JSON.stringify({ choices: [], x: 'x'.repeat(70_000) })}\n\n`, USAGE);
    last().controls.length = 0;
    await sends(null, DONE);
    expect(last().controls).toEqual(['resume']);
  });
});

describe('the connection of an answer that has ended', () => {
  it('may end in its own time, and is given up after a moment', async () => {
    await begin();
    await sends(SSE, CHUNK + USAGE + DONE);
    await pass(upstreamLingerMs - 1);
    expect(last().controls).toEqual(['resume']);
    await pass(1);
    expect(last().controls).toEqual(['resume', GIVEN_UP]);
  });

  it.each(['onEnd', 'breaks'])('is left alone once it has ended: %s', async (end) => {
    await begin();
    await sends(SSE, CHUNK + USAGE + DONE);
    if (end === 'onEnd') last().answer.onEnd();
    else await breaks();
    await pass(attemptTimeoutMs);
    expect([last().controls, stage.writes.length]).toEqual([['resume'], 2]);
  });

  it('is not touched if it ended with the answer', async () => {
    await begin();
    last().answer.onHeaders(200, SSE);
    last().answer.onData(Buffer.from(CHUNK + USAGE + DONE));
    last().answer.onEnd();
    await pass(attemptTimeoutMs);
    expect(last().controls).toEqual([]);
  });
});

describe('a JSON body that is whole', () => {
  it.each([BODY, `${BODY}\n`, '[{"a":"}"}]'])(
    '%j is an answer although its connection breaks',
    async (body) => {
      await begin(chat());
      await sends(JSON_TYPE, body.slice(0, 4), body.slice(4));
      await breaks();
      expect([client.got()?.status, client.got()?.body, stage.events()[0]?.status]).toEqual([
        ...[200, body, 'ok'],
      ]);
    },
  );

  it.each([BODY.slice(0, -1), `${BODY}{`, '', '"a"', '3'])('%j is none', async (body) => {
    await begin(chat());
    await sends(JSON_TYPE, body);
    await breaks();
    expect([client.got()?.status, stage.events()[0]?.status, stage.held().spent]).toEqual([
      ...[502, 'upstream_error', HOLD],
    ]);
  });

  it('leaves after a moment if nothing more comes; the connection is given up', async () => {
    await begin(chat());
    await sends(JSON_TYPE, BODY.slice(0, 9));
    await pass(5_000);
    await sends(null, BODY.slice(9));
    await pass(upstreamLingerMs - 1);
    expect(client.got()).toBe(null);
    await pass(1);
    expect([client.got()?.body, stage.events()[0]?.usage_source]).toEqual([BODY, 'provider']);
    await pass(upstreamLingerMs);
    expect(last().controls).toEqual(['resume', GIVEN_UP]);
  });

  it('that only looked so is waited for', async () => {
    const body = JSON.stringify({ text: 'a } b', usage });
    const cut = body.indexOf('}') + 1;
    await begin(chat());
    await sends(JSON_TYPE, body.slice(0, cut));
    await pass(3 * upstreamLingerMs);
    expect(client.got()).toBe(null);
    await sends(null, body.slice(cut));
    last().answer.onEnd();
    await pass();
    expect(client.got()?.body).toBe(body);
  });

  it('is one also if the whole attempt takes too long behind it', async () => {
    await begin(chat(), { limits: { upstreamLingerMs: 2 * attemptTimeoutMs } });
    await sends(JSON_TYPE, BODY);
    await pass(attemptTimeoutMs);
    last().answer.onFailure({ kind: 'aborted', unsent: false, cause: new Error('late') });
    await pass();
    expect([client.got()?.body, stage.events()[0]?.status]).toEqual([BODY, 'ok']);
  });
});

describe('the head of a stream', () => {
  it('does not wait for the first event', async () => {
    await begin();
    await sends(SSE);
    expect([client.got()?.status, client.got()?.body]).toEqual([200, '']);
  });

  it('waits where nothing says yet that it is one', async () => {
    await begin();
    await sends({});
    expect(client.got()).toBe(null);
    await sends(null, CHUNK);
    expect([client.got()?.status, client.got()?.body]).toEqual([200, CHUNK]);
  });
});

describe('an answer without a body', () => {
  it('has no length if its status has none (RFC 9110 §8.6)', async () => {
    for (const [status, length] of [
      [204, undefined],
      [200, '0'],
    ] as const) {
      await begin(chat());
      last().answer.onHeaders(status, {});
      last().answer.onEnd();
      await pass();
      expect([client.got()?.status, client.got()?.headers['content-length']]).toEqual([
        status,
        length,
      ]);
    }
  });
});

// envoyproxy/envoy#2929, nodejs/node#54366: an early refusal became a failure of the gateway.
describe('a refusal that is not billed', () => {
  it('passes by its status, although its body breaks off', async () => {
    for (const body of ['{"error":', '']) {
      await begin(chat());
      last().answer.onHeaders(429, { ...JSON_TYPE, 'retry-after': '7' });
      last().answer.onData(Buffer.from(body));
      await breaks();
      const { status, headers } = client.got() ?? {};
      expect([status, headers?.['retry-after'], client.got()?.body]).toEqual([429, '7', body]);
      expect([stage.events()[0], stage.held()]).toMatchObject([
        { status: 'upstream_error', http_status: 429, cost: '0.000000000000' },
        { held: 0n, spent: 0n },
      ]);
    }
  });

  it('is not an error of its own that breaks off: it may be billed', async () => {
    const provider = { notBilledStatuses: new Set([429, 500]) };
    await begin(chat());
    Object.assign(stage.route[0]?.provider ?? {}, provider);
    last().answer.onHeaders(500, JSON_TYPE);
    last().answer.onData(Buffer.from('{"error":'));
    await breaks();
    expect([client.got()?.status, stage.events()[0]?.cost, stage.held().spent]).toEqual([
      ...[502, null, HOLD],
    ]);
  });
});
