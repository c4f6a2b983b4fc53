/** Answers that are not what their heads say: how they reach the client, and what is read of them. */
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, STREAM_HOLD, USAGE, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const STREAM = chat({ stream: true });
const SSE = 'text/event-stream';
const BODY = JSON.stringify({ id: 'a', usage });
const EVENTS = CHUNK + USAGE + DONE;

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const last = () => stage.last();

async function begin(body: string, options: StageOptions = {}): Promise<void> {
  stage = await CallStage.open(books(), options);
  client = stage.call(body);
  await pass();
}

async function sends(...data: (string | Buffer)[]): Promise<void> {
  for (const bytes of data) last().answer.onData(Buffer.from(bytes as string));
  await pass();
}

async function ends(): Promise<void> {
  last().answer.onEnd();
  await pass();
}

const body = () => Buffer.from(client.got()?.body ?? '', 'latin1');
const event = () => stage.events()[0];
const STATED = { status: 'ok', usage_source: 'provider', cost: '0.000000000042' };

describe('a stream that does not say that it is one', () => {
  // maximhq/bifrost#3928
  it.each([undefined, 'text/plain', 'application/octet-stream', 'application/json'])(
    'passes as it comes, and is read: %s',
    async (type) => {
      for (const lead of [
        '',
        ': queued\n\n',
        'event: x\n',
        'id: 1\n',
        'retry: 5\n',
        '\n',
        '\ufeff',
      ]) {
        await begin(STREAM);
        last().answer.onHeaders(200, type === undefined ? {} : { 'content-type': type });
        await sends(lead + CHUNK);
        expect([client.got()?.body, client.got()?.headers['content-type']]).toEqual([
          Buffer.from(lead + CHUNK).toString('latin1'),
          type,
        ]);
        await sends(USAGE + DONE);
        expect([body().toString(), event()]).toMatchObject([lead + CHUNK + DONE, STATED]);
      }
    },
  );

  it('is known by few bytes', async () => {
    for (const cut of [1, 2, 4, 5]) {
      await begin(STREAM);
      last().answer.onHeaders(200, {});
      await sends(EVENTS.slice(0, cut), EVENTS.slice(cut, CHUNK.length));
      expect(client.got()?.body).toBe(CHUNK);
    }
  });

  // rexxars/eventsource-parser#31
  it('or whose events are parted by one line end', async () => {
    await begin(STREAM);
    last().answer.onHeaders(200, { 'content-type': SSE });
    const single = (text: string) => text.replaceAll('\n\n', '\n');
    await sends(single(CHUNK));
    expect(client.got()?.body).toBe(single(CHUNK));
    await sends(single(USAGE + DONE));
    await ends();
    expect([client.got()?.body, event()]).toMatchObject([single(CHUNK + DONE), STATED]);
  });
});

// ENTERPILOT/GoModel#412
describe('JSON where a stream was asked for', () => {
  it('is read as JSON, with its cost in the head', async () => {
    await begin(STREAM);
    last().answer.onHeaders(200, { 'content-type': 'application/json' });
    await sends(BODY);
    await ends();
    expect([client.got()?.headers['x-tollgate-cost'], client.got()?.body, event()]).toMatchObject([
      '0.000000000042',
      BODY,
      { ...STATED, ttft_ms: null },
    ]);
  });

  it.each(['', '\n \n', '\ufeff'])(
    'is read as JSON although it is called a stream, behind %j',
    async (lead) => {
      await begin(STREAM);
      last().answer.onHeaders(200, { 'content-type': SSE });
      await sends(lead + BODY);
      await ends();
      expect([body().toString(), event()]).toMatchObject([lead + BODY, STATED]);
    },
  );
});

// mozilla-ai/any-llm-go#163, sgl-project/sglang#3689: while DeepSeek queues.
describe('blank lines before JSON', () => {
  it('leave as they come, and are no tokens', async () => {
    await begin(chat());
    last().answer.onHeaders(200, { 'content-type': 'application/json' });
    await sends('\n');
    await pass(60_000);
    await sends('\r\n ', '\n');
    expect(client.got()?.body).toBe('\n\r\n \n');
    await sends(BODY);
    expect(client.got()?.body).toBe('\n\r\n \n');
    await ends();
    expect([client.got()?.body, event()]).toMatchObject([
      `\n\r\n \n${BODY}`,
      { ...STATED, ttft_ms: null },
    ]);
    expect(client.got()?.headers['content-length']).toBe(undefined);
  });

  it('alone are no answer that anything is known of', async () => {
    await begin(chat());
    last().answer.onHeaders(200, { 'content-type': 'application/json' });
    await sends('\n');
    await ends();
    expect([client.got()?.body, event()?.cost, stage.held().spent]).toEqual(['\n', null, HOLD]);
  });
});

const PACKINGS: [string, (text: string) => Buffer][] = [
  ['gzip', gzipSync],
  ['X-GZIP', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['identity, gzip', gzipSync],
];

// ai-ecoverse/slicc#3041, Wei-Shaw/claude-relay-service#1030: compressed against our will.
describe('a compressed answer', () => {
  it.each(PACKINGS)('in %s passes as it came, and is read', async (name, pack) => {
    for (const [request, type, text] of [
      [chat(), 'application/json', BODY],
      [STREAM, SSE, CHUNK + USAGE + DONE],
    ] as const) {
      const packed = pack(text);
      await begin(request);
      last().answer.onHeaders(200, { 'content-type': type, 'content-encoding': name });
      await sends(packed.subarray(0, 9), packed.subarray(9));
      // Of a stream all but the last byte has left (I9).
      expect(body().length).toBe(type === SSE ? packed.length - 1 : 0);
      await ends();
      expect([body().equals(packed), client.got()?.headers['content-encoding'], event()]).toEqual([
        true,
        name,
        expect.objectContaining(STATED),
      ]);
    }
  });

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('that does not say so is known by its first bytes: %s', async (_, pack) => {
    await begin(chat());
    last().answer.onHeaders(200, { 'content-type': 'application/json' });
    await sends(pack(BODY));
    await ends();
    expect([body().equals(pack(BODY)), event()]).toMatchObject([true, STATED]);
  });

  it.each([
    ['compress', Buffer.from('x')],
    ['gzip, br', gzipSync(BODY)],
    ['gzip', Buffer.from('no gzip')],
    ['gzip', gzipSync(`${BODY}${' '.repeat(5 * 1024 * 1024)}`)],
    ['br', gzipSync(BODY)],
  ])('in %s that cannot be read, or grows too large, is unknown', async (name, bytes) => {
    for (const [request, type, hold] of [
      [chat(), 'application/json', HOLD],
      [STREAM, SSE, STREAM_HOLD],
    ] as const) {
      await begin(request);
      last().answer.onHeaders(200, { 'content-type': type, 'content-encoding': name });
      await sends(bytes);
      await ends();
      expect([body().equals(bytes), event(), stage.held().spent]).toMatchObject([
        true,
        { status: 'ok', usage_source: 'none', cost: null },
        hold,
      ]);
    }
  });

  it('that unpacks to more than is read at once is read in turns, and leaves when it is', async () => {
    const events = CHUNK.repeat(5_000) + USAGE + DONE;
    const packed = gzipSync(events);
    await begin(STREAM);
    last().answer.onHeaders(200, { 'content-type': SSE, 'content-encoding': 'gzip' });
    await sends(packed);
    last().answer.onEnd();
    expect([stage.events(), body().length]).toEqual([[], packed.length - 1]);
    // Each turn of the event loop has its millisecond here.
    await pass(2);
    expect(stage.events()).toEqual([]);
    await pass(20);
    expect([stage.events(), body().equals(packed), stage.handler.inFlight]).toMatchObject([
      ...[[STATED], true, 0],
    ]);
  });

  it('that outgrows what is kept is unknown', async () => {
    const packed = gzipSync(EVENTS);
    await begin(STREAM, { limits: { packedAnswerBytesMax: packed.length - 1 } });
    last().answer.onHeaders(200, { 'content-type': SSE, 'content-encoding': 'gzip' });
    await sends(packed);
    await ends();
    expect([body().equals(packed), event()?.cost]).toEqual([true, null]);
  });

  it('that breaks off does so at the client’s; what it stated in the end is charged', async () => {
    const packed = gzipSync(EVENTS);
    await begin(STREAM);
    last().answer.onHeaders(200, { 'content-type': SSE, 'content-encoding': 'gzip' });
    await sends(packed.subarray(0, -8));
    last().answer.onFailure({ kind: 'broken', unsent: false, cause: new Error('reset') });
    await pass();
    expect([client.connection.destroyed, event(), stage.held().spent]).toMatchObject([
      true,
      { status: 'upstream_error', usage_source: 'provider' },
      42n,
    ]);
  });
});

// higress-group/higress#4258: vLLM 0.4.3 answers 400 to the field.
describe('a provider that does not take `stream_options`', () => {
  const takesNone = async (body = STREAM) => {
    stage = await CallStage.open(books());
    Object.assign(stage.route[0]?.provider ?? {}, { asksForUsage: false });
    client = stage.call(body);
    await pass();
    last().answer.onHeaders(200, { 'content-type': SSE });
  };

  it('is not asked for usage; what it states is charged, and passes: we did not cause it', async () => {
    await takesNone();
    expect(JSON.parse(last().body)).toEqual(JSON.parse(STREAM));
    await sends(CHUNK + USAGE + DONE);
    expect([client.got()?.body, event()]).toMatchObject([CHUNK + USAGE + DONE, STATED]);
  });

  it('and states none is not free', async () => {
    await takesNone();
    await sends(CHUNK + DONE);
    expect([event()?.usage_source, stage.held().held]).toEqual(['estimated', 0n]);
    expect(stage.held().spent).toBeGreaterThan(0n);
  });

  it('gets what its client wrote', async () => {
    const asked = chat({ stream: true, stream_options: { include_usage: true } });
    await takesNone(asked);
    expect(last().body).toBe(asked);
  });
});

// NVIDIA-NeMo/Switchyard#805: gateways are chained, and their headers travel.
it('I10: what a gateway behind ours says of its own never reaches the client', async () => {
  const inner = {
    'x-tollgate-cost': '9.000000000000',
    'x-tollgate-budget-remaining': '1',
    'x-tollgate-cache': 'hit',
    'x-tollgate-other': 'x',
  };
  for (const [request, type, answer] of [
    [chat(), 'application/json', BODY],
    [STREAM, SSE, EVENTS],
  ] as const) {
    await begin(request, { budgets: [], deployments: [{ price: null }] });
    last().answer.onHeaders(200, { 'content-type': type, ...inner });
    await sends(answer);
    await ends();
    const ours = Object.entries(client.got()?.headers ?? {}).filter(([name]) =>
      ['cost', 'budget-remaining', 'other', 'cache'].includes(name.replace('x-tollgate-', '')),
    );
    expect(ours).toEqual([['x-tollgate-cache', 'miss']]);
  }
});
