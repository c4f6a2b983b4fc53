/** Attempts and how they end: what is sent, recorded and charged, and what the client is told of it. */
import type { UpstreamFailure } from '@tollgate/adapters/provider/upstream.ts';
import { describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, priced, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, HOLD, STREAM_HOLD, usage } from '../testing/calls.ts';

const NOON = Date.UTC(2026, 5, 1, 12);
const books = useMemoryBooks(NOON);
const BODY = JSON.stringify({ id: 'answer-1', model: 'm-1', usage });
const STREAM = chat({ stream: true });
const SSE = { 'content-type': 'text/event-stream' };
const FREE = { held: 0n, spent: 0n };

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const last = () => stage.last();

async function begin(body = chat(), options: StageOptions = {}): Promise<void> {
  stage = await CallStage.open(books(), options);
  client = stage.call(body);
  await pass();
}

/** The provider answers with all of this. */
async function answers(status = 200, body = BODY, type = 'application/json'): Promise<void> {
  const { answer } = last();
  answer.onHeaders(status, { 'content-type': type });
  answer.onData(Buffer.from(body));
  answer.onEnd();
  await pass();
}

async function fails(kind: UpstreamFailure['kind'], unsent = false): Promise<void> {
  last().answer.onFailure({ kind, unsent, cause: new Error(kind) });
  await pass();
}

const code = () =>
  (JSON.parse(client.got()?.body ?? '{}') as { error?: { code: string } }).error?.code;

describe('an attempt', () => {
  it('is sent as its endpoint says, under its own id, and recorded whole', async () => {
    await begin(chat({ user: 'u' }));
    const [started] = stage.writes;
    const { path, body, headers } = last();
    expect([path, body, headers]).toEqual([
      '/chat/completions',
      chat({ user: 'u' }),
      { accept: 'application/json', 'x-client-request-id': stage.writes[0] && idOf(started) },
    ]);
    await pass(250);
    last().answer.onHeaders(200, { 'content-type': 'application/json' });
    last().answer.onData(Buffer.from(BODY.slice(0, 5)));
    await pass(750);
    last().answer.onData(Buffer.from(BODY.slice(5)));
    last().answer.onEnd();
    await pass();
    const [, finished] = stage.writes;
    expect(finished).toMatchObject({
      ...{ op: 'finished', attemptId: idOf(started), partition: 3 },
      charges: [{ leaseId: 'lse_1', amount: 42n }],
    });
    expect(stage.events()).toMatchObject([
      {
        ...{ id: idOf(started), type: 'attempt', attempt: 1 },
        ...{ time: '2026-06-01T12:00:00.000Z', recorded_at: '2026-06-01T12:00:01.000Z' },
        ...{ status: 'ok', http_status: 200, error_type: null, deployment: 'p1/m' },
        ...{ latency_ms: 1_000, ttft_ms: null, overhead_us: 0 },
        ...{ model_served: 'm-1', provider_request_id: 'answer-1', cost: '0.000000000042' },
      },
    ]);
    expect(stage.settled).toEqual([['p1', '0.000000000042', []]]);
  });

  it('says to the microsecond when its first token came and how long it was kept', async () => {
    stage = await CallStage.open(books());
    stage.journalWaits = true;
    client = stage.call(STREAM);
    await pass(1.5);
    stage.durable();
    await pass(1);
    last().answer.onHeaders(200, SSE);
    // Keep-alives while it queues (mozilla-ai/any-llm-go#163, tmc/langchaingo#942): no tokens.
    last().answer.onData(Buffer.from(': queued\n\n'));
    last().answer.onData(Buffer.from('data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n'));
    await pass(1.2504);
    last().answer.onData(Buffer.from(CHUNK));
    await pass(1);
    last().answer.onEnd();
    expect(stage.events()[0]).toMatchObject({
      latency_ms: 3.25,
      ttft_ms: 2.25,
      overhead_us: 1_500,
    });
  });

  it.each([
    [200, 'ok'],
    [299, 'ok'],
    [400, 'upstream_error'],
    [500, 'upstream_error'],
  ])('that is answered %i is %s, and its answer passes', async (status, recorded) => {
    await begin();
    await answers(status);
    expect([client.got()?.status, client.got()?.body, stage.events()[0]]).toMatchObject([
      status,
      BODY,
      { status: recorded, http_status: status, error_type: null },
    ]);
  });

  it.each([
    [300, 'upstream_redirected', 'upstream_redirected'],
    [401, 'provider_auth_failed', 'upstream_unauthorized'],
  ])(
    'I12: that is answered %i is %s: nothing of it leaves, and nothing is billed',
    async (status, said, recorded) => {
      for (const request of [chat(), STREAM]) {
        await begin(request);
        await answers(status, 'a secret', 'text/event-stream');
        expect([client.got()?.status, code(), client.got()?.body.includes('secret')]).toEqual([
          ...[502, said, false],
        ]);
        expect([stage.events()[0], stage.held()]).toMatchObject([
          { status: 'upstream_error', http_status: status, error_type: recorded },
          FREE,
        ]);
      }
    },
  );

  // clawrouter#101, rocketmq-dashboard#2178, DeepSeek-V3#407
  it.each([
    ['an error', '{"error":{"message":"over quota"}}', 'upstream_answered_error'],
    ['an empty body', '', 'upstream_answered_nothing'],
  ])(
    'I8: that is answered with a status of success and %s has failed, and is not free',
    async (_, body, recorded) => {
      await begin();
      await answers(200, body);
      expect([
        client.got()?.status,
        client.got()?.body,
        stage.events()[0],
        stage.held(),
      ]).toMatchObject([
        ...[200, body],
        { status: 'upstream_error', error_type: recorded, usage_source: 'none', cost: null },
        { held: 0n, spent: HOLD },
      ]);
    },
  );

  it('I8: whose usage is not understood says why', async () => {
    await begin();
    await answers(200, JSON.stringify({ usage: { ...usage, citation_tokens: 3 } }));
    expect(stage.events()[0]).toMatchObject({
      ...{ status: 'ok', usage_source: 'none', cost: null },
      error_type: 'usage_unread.citation_tokens',
    });
  });

  it('above its bound is an overrun, which is told at once', async () => {
    await begin();
    await answers(200, JSON.stringify({ usage: { prompt_tokens: 5_000, completion_tokens: 0 } }));
    const amount = 5_000n - HOLD;
    expect(stage.settled).toMatchObject([['p1', '0.000000005000', [{ leaseId: 'lse_1', amount }]]]);
    expect(stage.held()).toEqual({ held: 0n, spent: 5_000n });
  });
});

function idOf(write: CallStage['writes'][number] | undefined): string | undefined {
  return write?.op === 'started' ? write.attemptId : undefined;
}

describe('an attempt that fails', () => {
  it.each([
    ['unreachable', true, 502, 'upstream_unreachable', 'upstream_error', 0n],
    ['timeout', true, 504, 'upstream_timeout', 'timeout', 0n],
    ['timeout', false, 504, 'upstream_timeout', 'timeout', HOLD],
    ['broken', false, 502, 'upstream_failed', 'upstream_error', HOLD],
    ['broken', true, 502, 'upstream_unreachable', 'upstream_error', 0n],
    ['closed', true, 502, 'upstream_unreachable', 'upstream_error', 0n],
    ['closed', false, 502, 'upstream_closed', 'upstream_error', HOLD],
  ] as const)('%s (unsent: %s) is a %i', async (kind, unsent, status, said, recorded, spent) => {
    await begin();
    await fails(kind, unsent);
    const { status: got, headers } = client.got() ?? {};
    expect([got, code(), headers?.['x-tollgate-attempts'], headers?.['content-type']]).toEqual([
      ...[status, said, '1', 'application/json'],
    ]);
    expect(headers?.['x-should-retry']).toBe(
      String(said === 'upstream_unreachable' || said === 'upstream_closed'),
    );
    expect([stage.events()[0], stage.held(), stage.handler.inFlight]).toMatchObject([
      { status: recorded, http_status: null, error_type: `upstream_${kind}`, ttft_ms: null },
      { held: 0n, spent },
      0,
    ]);
    expect(client.response.writableEnded).toBe(true);
  });

  it('in its answer breaks that off; the hold is charged', async () => {
    await begin(STREAM);
    last().answer.onHeaders(200, { 'content-type': 'text/event-stream' });
    last().answer.onData(Buffer.from(CHUNK));
    await pass();
    await fails('broken');
    expect([client.connection.destroyed, client.got()?.body]).toEqual([true, CHUNK]);
    expect([stage.events()[0], stage.held(), stage.handler.inFlight]).toMatchObject([
      { status: 'upstream_error', http_status: 200, error_type: 'upstream_broken', cost: null },
      { held: 0n, spent: STREAM_HOLD },
      0,
    ]);
  });

  it('before any of its answer left is an error of the gateway', async () => {
    await begin();
    last().answer.onHeaders(200, { 'content-type': 'application/json', 'x-request-id': 'y' });
    last().answer.onData(Buffer.from('{'));
    await fails('broken');
    expect([client.got()?.status, code(), client.got()?.headers['x-request-id']]).toEqual([
      ...[502, 'upstream_failed', undefined],
    ]);
  });

  it('ends once, whatever comes behind', async () => {
    await begin();
    await answers();
    await fails('broken');
    last().answer.onEnd();
    await pass(proxyLimits.attemptTimeoutMs);
    expect([stage.writes.length, last().controls]).toEqual([2, []]);
  });
});

describe('an attempt that takes too long over all', () => {
  const { attemptTimeoutMs } = proxyLimits;

  it('is aborted then, and is a time-out', async () => {
    await begin();
    await pass(attemptTimeoutMs - 1);
    expect(last().controls).toEqual([]);
    await pass(1);
    expect(last().controls).toEqual(['the attempt took too long']);
    await fails('broken');
    expect([client.got()?.status, code(), stage.events()[0], stage.held()]).toMatchObject([
      504,
      'upstream_timeout',
      { status: 'timeout', error_type: 'upstream_broken', latency_ms: attemptTimeoutMs },
      { held: 0n, spent: HOLD },
    ]);
  });

  it('is one also for a client that has gone', async () => {
    await begin();
    client.connection.destroy();
    await pass(attemptTimeoutMs);
    await fails('broken');
    expect([stage.events()[0]?.status, stage.handler.inFlight]).toEqual(['timeout', 0]);
  });
});

describe('a route of two deployments', () => {
  const two: StageOptions = { deployments: [{}, {}] };

  it('I1: goes to the second if nothing was sent to the first, with a hold and a record of its own', async () => {
    await begin(chat(), two);
    await pass(40);
    await fails('unreachable', true);
    expect([client.got(), stage.posts.length, stage.held().held]).toEqual([null, 2, HOLD]);
    await pass(7);
    await answers();
    const [first, second] = stage.events();
    expect(client.got()?.headers).toMatchObject({
      ...{ 'x-tollgate-attempts': '2', 'x-tollgate-provider': 'p2', 'x-tollgate-overhead-us': '0' },
    });
    expect([first, second]).toMatchObject([
      { attempt: 1, deployment: 'p1/m', time: '2026-06-01T12:00:00.000Z', cost: '0.000000000000' },
      { attempt: 2, deployment: 'p2/m', time: '2026-06-01T12:00:00.040Z', latency_ms: 7 },
    ]);
    expect([first?.call_id === second?.call_id, first?.id === second?.id]).toEqual([true, false]);
    expect([stage.handler.inFlight, stage.held()]).toEqual([0, { held: 0n, spent: 42n }]);
  });

  it('ends as the last attempt did if none is left', async () => {
    await begin(chat(), two);
    await fails('unreachable', true);
    await fails('broken');
    expect([client.got()?.status, code(), client.got()?.headers['x-tollgate-attempts']]).toEqual([
      ...[502, 'upstream_failed', '2'],
    ]);
    expect([stage.posts.length, stage.handler.inFlight]).toEqual([2, 0]);
  });

  it.each([
    ['has no price', null],
    ['costs more than is left', priced(2)],
  ])('ends as the first attempt did if the second %s', async (_, price) => {
    await begin(chat(), { deployments: [{}, { price }], budgets: [{ limit: HOLD }] });
    await fails('unreachable', true);
    expect([code(), client.got()?.headers['x-tollgate-attempts']]).toEqual([
      ...['upstream_unreachable', '1'],
    ]);
    expect([stage.posts.length, stage.handler.inFlight, stage.refused]).toEqual([1, 0, []]);
  });

  it('tries nothing more for a client that left while the second waited for its budget', async () => {
    await begin(chat(), { deployments: [{}, { price: priced(10) }] });
    const grant = stage.ledger.hold();
    await fails('unreachable', true);
    expect([stage.handler.inFlight, client.got()]).toEqual([1, null]);
    client.connection.destroy();
    await pass();
    grant();
    await pass();
    expect([
      stage.posts.length,
      stage.handler.inFlight,
      stage.held(),
      stage.events().length,
    ]).toEqual([...[1, 0, FREE, 1]]);
  });
});
