/** The client's side of a call: what leaves, when, and what becomes of a call whose client leaves. */
import { ANSWER_HEADERS } from '@tollgate/adapters/http/manners.ts';
import { describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, STREAM_HOLD, USAGE, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const BODY = JSON.stringify({ id: 'é', usage });
const STREAM = chat({ stream: true });
const POLICIES = ['drain', 'abort'] as const;
const SSE = { 'content-type': 'text/event-stream' };

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const last = () => stage.last();

/** A call, whose start is durable unless the journal waits. */
async function begin(body = chat(), options: StageOptions = {}, journalWaits = false) {
  stage = await CallStage.open(books(), options);
  stage.journalWaits = journalWaits;
  client = stage.call(body);
  await pass();
}

/** The provider begins its answer with these bytes. */
async function sends(head: Record<string, string>, ...data: string[]): Promise<void> {
  last().answer.onHeaders(200, head);
  for (const bytes of data) last().answer.onData(Buffer.from(bytes));
  await pass();
}

async function ends(): Promise<void> {
  last().answer.onEnd();
  await pass();
}

async function fails(kind: 'unreachable' | 'timeout' | 'broken', unsent = false): Promise<void> {
  last().answer.onFailure({ kind, unsent, cause: new Error(kind) });
  await pass();
}

async function leaves(): Promise<void> {
  client.connection.destroy();
  await pass();
}

describe('I9: the last byte leaves after the end is durable', () => {
  it('of a JSON answer all, with what it cost and how long it was kept waiting', async () => {
    await begin(chat(), {}, true);
    await pass(5);
    expect(stage.posts).toEqual([]);
    stage.durable();
    await pass(100);
    await sends(
      { 'content-type': 'application/json', 'x-request-id': 'y', connection: 'close' },
      BODY,
    );
    await ends();
    await pass(3);
    expect([client.got(), stage.handler.inFlight, stage.held()]).toEqual([
      null,
      1,
      { held: HOLD, spent: 0n },
    ]);
    stage.durable();
    await pass();
    const bytes = Buffer.from(BODY).toString('latin1');
    expect(client.got()).toMatchObject({
      status: 200,
      headers: {
        ...{ 'content-type': 'application/json', 'content-length': String(bytes.length) },
        ...{
          'x-request-id': 'y',
          Connection: 'close',
          'x-tollgate-call-id': stage.events()[0]?.call_id,
        },
        ...{ 'x-tollgate-provider': 'p1', 'x-tollgate-model': 'm', 'x-tollgate-attempts': '1' },
        ...{ ...ANSWER_HEADERS, 'x-tollgate-cache': 'miss', 'x-tollgate-cost': '0.000000000042' },
        ...{ 'x-tollgate-overhead-us': '5000', 'x-tollgate-budget-remaining': '0.000000015958' },
      },
      body: bytes,
    });
    expect(client.hijacked).toBe(true);
    expect([stage.handler.inFlight, stage.held(), client.response.writableEnded]).toEqual([
      0,
      { held: 0n, spent: 42n },
      true,
    ]);
  });

  it('of a large answer all too', async () => {
    const body = JSON.stringify({ text: 'é'.repeat(20_000), usage });
    await begin();
    await sends({}, body.slice(0, 10), body.slice(10, -1), body.slice(-1));
    await ends();
    const got = client.got();
    expect([got?.headers['content-length'], got?.body]).toEqual([
      String(Buffer.byteLength(body)),
      Buffer.from(body).toString('latin1'),
    ]);
  });

  it('of a stream all but its end leaves as it comes, its head first of all', async () => {
    await begin(STREAM, {}, true);
    stage.durable();
    await sends(SSE);
    expect(client.response.headersSent).toBe(true);
    for (const _ of [1, 2]) last().answer.onData(Buffer.from(CHUNK));
    await pass();
    expect(client.got()?.headers['x-tollgate-cost']).toBe(undefined);
    expect(client.got()?.body).toBe(CHUNK + CHUNK);
    last().answer.onData(Buffer.from(USAGE + DONE));
    await ends();
    expect(client.got()?.body).toBe(CHUNK + CHUNK);
    stage.durable();
    await pass();
    expect([client.got()?.body, client.response.writableEnded]).toEqual([
      CHUNK + CHUNK + DONE,
      true,
    ]);
  });

  it('of an answer that outgrows what is held its beginning leaves, without its cost', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(1_000), usage });
    await begin(chat(), { limits: { heldAnswerBytesMax: 100, answerTailBytes: 50 } });
    await sends({}, body.slice(0, 899), body.slice(899, 900), body.slice(900));
    const { headers, body: early } = client.got() ?? {};
    expect([early, headers?.['x-tollgate-cost'], headers?.['x-tollgate-provider']]).toEqual([
      ...[body.slice(0, 900), undefined, 'p1'],
    ]);
    await ends();
    expect([client.got()?.body, stage.held().spent]).toEqual([body, 42n]);
  });

  it('and nothing at all if a journal fails: it is said, and the hold stays', async () => {
    for (const failsAt of ['started', 'finished']) {
      await begin(chat(), {}, true);
      if (failsAt === 'finished') {
        stage.durable();
        await sends({}, BODY);
        await ends();
      }
      stage.durable(new Error('the disk is full'));
      await pass();
      expect([failsAt, client.got(), client.connection.destroyed]).toEqual([failsAt, null, true]);
      expect([stage.journalFailures, stage.handler.inFlight, stage.held().held]).toEqual([
        ['the disk is full'],
        0,
        HOLD,
      ]);
      expect([stage.posts.length, stage.settled]).toEqual([failsAt === 'finished' ? 1 : 0, []]);
    }
  });
});

describe('a client that does not read', () => {
  /** More than a socket takes without being asked to wait. */
  const BLOCK = `data: ${JSON.stringify({ choices: [], text: 'x'.repeat(70_000) })}\n\n`;
  const stallMs = 1_000;
  const limits = { clientBufferBytesMax: BLOCK.length, clientStallTimeoutMs: stallMs };
  const controls = () => last().controls;

  /** A stream whose client has read its beginning, and now stops. */
  async function stalled(options: StageOptions = {}): Promise<void> {
    await begin(STREAM, { limits, ...options });
    await sends(SSE, CHUNK);
    client.connection.reads = false;
    last().answer.onData(Buffer.from(BLOCK));
    await pass(stallMs);
  }

  it('slows its provider down above the bound, as often as it stops, and gets every byte', async () => {
    await stalled();
    expect(controls()).toEqual([]);
    for (const _ of [1, 2]) {
      controls().length = 0;
      for (const _ of [1, 2]) last().answer.onData(Buffer.from(BLOCK));
      await pass(stallMs - 1);
      expect(controls()).toEqual(['pause']);
      client.connection.reads = true;
      await pass();
      expect(controls()).toEqual(['pause', 'resume']);
      client.connection.reads = false;
    }
    client.connection.reads = true;
    await pass(stallMs);
    last().answer.onData(Buffer.from(USAGE + DONE));
    await ends();
    expect(client.got()?.body === CHUNK + BLOCK.repeat(5) + DONE).toBe(true);
    expect(stage.events()[0]).toMatchObject({ status: 'ok' });
  });

  it.each(POLICIES)('is gone after a while: %s', async (onDisconnect) => {
    await stalled({ key: { onDisconnect } });
    last().answer.onData(Buffer.from(BLOCK));
    await pass(stallMs - 1);
    expect(client.connection.destroyed).toBe(false);
    await pass(1);
    expect([client.connection.destroyed, controls()]).toEqual([
      true,
      ['pause', onDisconnect === 'drain' ? 'resume' : 'the client has gone'],
    ]);
  });

  it('is waited for no more once the answer has ended', async () => {
    await stalled();
    last().answer.onData(Buffer.from(BLOCK + USAGE + DONE));
    await ends();
    await pass(stallMs);
    client.connection.reads = true;
    await pass();
    expect(client.got()?.body === CHUNK + BLOCK.repeat(2) + DONE).toBe(true);
  });

  it('and leaves is waited for no more', async () => {
    await stalled();
    const timers = vi.getTimerCount();
    last().answer.onData(Buffer.from(BLOCK));
    expect(vi.getTimerCount()).toBe(timers + 1);
    await leaves();
    // One timer is for how long its answer is read on.
    expect([controls(), vi.getTimerCount()]).toEqual([['pause', 'resume'], timers + 1]);
  });
});

describe('a client that leaves', () => {
  it('while its answer runs gets no more of it; what was stated is charged', async () => {
    await begin(STREAM);
    await sends(SSE, CHUNK);
    await leaves();
    last().answer.onData(Buffer.from(CHUNK + USAGE + DONE));
    await ends();
    expect([client.got()?.body, last().controls, stage.handler.inFlight]).toEqual([
      CHUNK,
      ['resume'],
      0,
    ]);
    expect([stage.events()[0], stage.held()]).toMatchObject([
      { status: 'client_closed', http_status: 200, error_type: null, usage_source: 'provider' },
      { held: 0n, spent: 42n },
    ]);
  });

  it('and whose key says so ends its request; the hold is charged', async () => {
    await begin(STREAM, { key: { onDisconnect: 'abort' } });
    await sends(SSE, CHUNK);
    await leaves();
    expect(last().controls).toEqual(['the client has gone']);
    await fails('broken');
    expect([stage.events()[0], stage.held()]).toMatchObject([
      { status: 'client_closed', error_type: 'upstream_broken', usage_source: 'estimated' },
      { held: 0n, spent: STREAM_HOLD },
    ]);
  });

  it.each(POLICIES)('before its start is durable pays nothing: %s', async (onDisconnect) => {
    await begin(chat(), { key: { onDisconnect } }, true);
    await leaves();
    stage.durable();
    await pass();
    stage.durable();
    await pass();
    expect([stage.posts, stage.events()[0], stage.held(), stage.handler.inFlight]).toMatchObject([
      [],
      { status: 'client_closed', http_status: null, error_type: 'upstream_aborted', attempt: 1 },
      { held: 0n, spent: 0n },
      0,
    ]);
  });

  it('while it waits for its budget has held and recorded nothing', async () => {
    stage = await CallStage.open(books());
    const grant = stage.ledger.hold();
    client = stage.call(chat());
    await pass();
    expect(stage.handler.inFlight).toBe(1);
    await leaves();
    grant();
    await pass();
    expect([stage.writes, stage.held(), stage.handler.inFlight, client.hijacked]).toEqual([
      [],
      { held: 0n, spent: 0n },
      0,
      false,
    ]);
  });

  it('when it has got all changes nothing', async () => {
    await begin(chat(), { key: { onDisconnect: 'abort' } });
    await sends({}, BODY);
    await ends();
    await leaves();
    expect([last().controls, stage.events().length]).toEqual([[], 1]);
  });
});
