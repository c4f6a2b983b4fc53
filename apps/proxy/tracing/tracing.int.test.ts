import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import {
  type Collector,
  openCollector,
} from '@tollgate/adapters/tracing/testing/otlp-collector.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import {
  answering,
  CHUNK,
  chat,
  connectRaw,
  DONE,
  leave,
  startStream,
  USAGE,
  until,
} from '../testing/calls.ts';
import type { CallRecord } from './call-trace.ts';
import { Tracing, type TracingSettings } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const FAST = { traceGatherMs: 5, traceCloseMs: 5_000 };

const openHouse = useCallHouses();
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function collector(answer?: () => number | Promise<number>): Promise<Collector> {
  const made = await openCollector(answer);
  opened.push(made);
  return made;
}

function tracingTo(
  url: string,
  settings: Partial<TracingSettings> = {},
  limits: Partial<typeof proxyLimits> = {},
): [Tracing, { lines: object[] }] {
  const said: { lines: object[] } = { lines: [] };
  const tracing = new Tracing(
    {
      otlp: { url, headers: {}, resource: { 'service.name': 'tollgate-proxy' } },
      ...{ sampleRatio: 1, keepsDecisions: true, toProviders: true, providers: {} },
      environment: {},
      ...settings,
    },
    'ins_1',
    { ...proxyLimits, ...FAST, ...limits },
    { warn: (fields) => void said.lines.push(fields) },
  );
  opened.push(tracing);
  return [tracing, said];
}

/** Answers, and keeps the headers that it was sent. */
function hearing(status = 200, body = JSON.stringify({ choices: [] })) {
  const heard: IncomingHttpHeaders[] = [];
  const provider: RequestListener = (request, response) => {
    heard.push(request.headers);
    answering(status, body)(request, response);
  };
  return { heard, provider };
}

async function call(url: string, headers: Record<string, string> = {}, body = chat()) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

const open = (options: CallHouseOptions) => openHouse(options);

describe('a traced call', () => {
  // litellm#24027: the client's context was thrown away, and its trace ended at the gateway.
  it('goes on in the trace of its client, and the provider in that of the attempt', async () => {
    const { spans, url, headers } = await collector();
    const [tracing] = tracingTo(url);
    const { heard, provider } = hearing();
    const house = await open({ providers: [provider], tracing });
    await call(house.url, { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'v=1' });
    await tracing.close();
    const [ofCall, ofAttempt] = spans;
    expect(spans).toHaveLength(2);
    expect(ofCall).toMatchObject({ traceId: TRACE, parentId: SPAN, state: 'v=1', kind: 2 });
    expect(ofAttempt).toMatchObject({ traceId: TRACE, parentId: ofCall?.spanId, kind: 3 });
    expect(ofAttempt?.attributes).toMatchObject({
      ...{ 'gen_ai.operation.name': 'chat', 'tollgate.provider': 'p1' },
    });
    expect(heard.map(({ traceparent, tracestate }) => [traceparent, tracestate])).toEqual([
      [`00-${TRACE}-${ofAttempt?.spanId}-01`, 'v=1'],
    ]);
    expect([tracing.sent, tracing.dropped]).toEqual([2, 0]);
    expect(headers[0]).toMatchObject({ 'content-type': 'application/x-protobuf' });
  });

  // litellm#17243: the span of a call ended before that of its request to the provider.
  it('has a span of each attempt within its own, and begins a trace if there is none', async () => {
    const { spans, url } = await collector();
    const [tracing] = tracingTo(url);
    const [bad, good] = [hearing(401), hearing()];
    const house = await open({ providers: [null, bad.provider, good.provider], tracing });
    await call(house.url);
    await house.idle();
    await tracing.close();
    const [ofCall, ...attempts] = spans;
    expect(attempts.length).toBeGreaterThan(1);
    expect(ofCall).toMatchObject({
      parentId: '',
      attributes: { 'tollgate.attempts': attempts.length },
    });
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ traceId: ofCall?.traceId, parentId: ofCall?.spanId });
      expect(attempt.startMs).toBeGreaterThanOrEqual(ofCall?.startMs ?? Number.NaN);
      expect(attempt.endMs).toBeLessThanOrEqual(ofCall?.endMs ?? Number.NaN);
    }
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  });

  // litellm#13705: what a retry carried along, keys and prompts, went into its spans.
  it('I12: no prompt, answer, key or error text is in a span, of failed attempts neither', async () => {
    const kept = await collector();
    const [tracing] = tracingTo(kept.url);
    const bad = hearing(500, '{"error":{"message":"no-such-luck sk-provider-secret"}}');
    const good = hearing(200, '{"choices":[{"message":{"content":"the answer is forty-two"}}]}');
    const house = await open({ providers: [null, bad.provider, good.provider], tracing });
    const messages = [{ role: 'user', content: 'what is the secret question' }];
    const headers = { authorization: 'Bearer tg_live_secret_key', baggage: 'user=alice-secret' };
    await call(house.url, headers, chat({ messages, user: 'end-user-secret' }));
    await call(house.url, headers, '{"model":"m","messages":"what is the secret question"');
    await house.idle();
    await tracing.close();
    expect(tracing.sent).toBeGreaterThan(2);
    expect(kept.text).toContain('gen_ai.operation.name');
    const texts = ['question', 'forty-two', 'no-such-luck', 'sk-provider', 'tg_live', 'secret'];
    expect(texts.filter((text) => kept.text.includes(text))).toEqual([]);
    for (const { heard } of [bad, good])
      for (const each of heard) expect(each.baggage).toBe(undefined);
  });

  // elysiajs/opentelemetry#62: spans of requests that were given up never ended.
  it('that its client left has spans all the same', async () => {
    const { spans, url } = await collector();
    const [tracing] = tracingTo(url);
    let finish = (): void => undefined;
    const slow: RequestListener = (_request, response) => {
      startStream(response).write(CHUNK);
      finish = () => void response.end(USAGE + DONE);
    };
    const house = await open({ providers: [slow], tracing });
    const socket = await connectRaw(house);
    socket.resume();
    await until(() => socket.bytesRead > 0);
    await leave(house, socket);
    finish();
    await house.idle();
    await tracing.close();
    expect(spans.map(({ attributes }) => attributes['tollgate.status'] ?? 'call')).toEqual([
      ...['call', 'client_closed'],
    ]);
  });

  it('that is refused is a span without an attempt', async () => {
    const { spans, url } = await collector();
    const [tracing] = tracingTo(url);
    const house = await open({ providers: [null], budgets: [{ limit: 1n }], tracing });
    expect((await call(house.url)).status).toBe(402);
    await tracing.close();
    expect(spans.map(({ attributes }) => attributes['tollgate.refusal'])).toEqual([
      'budget_exceeded',
    ]);
  });
});

describe('what a client says of its trace', () => {
  it.each(['', 'garbage', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`, 'x'.repeat(8_000)])(
    'never fails a call, however wrong: %#',
    async (traceparent) => {
      const { spans, url } = await collector();
      const [tracing] = tracingTo(url);
      const { heard, provider } = hearing();
      const house = await open({ providers: [provider], tracing });
      const headers = { traceparent, tracestate: `${'y='.repeat(3_000)}` };
      expect((await call(house.url, headers)).status).toBe(200);
      await tracing.close();
      expect(spans[0]?.parentId).toBe('');
      expect(heard[0]?.['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(heard[0]?.['tracestate']).toBe(undefined);
    },
  );

  it('is kept: a trace that is not recorded stays so, here and at the provider', async () => {
    const { url } = await collector();
    const [tracing] = tracingTo(url);
    const { heard, provider } = hearing();
    const house = await open({ providers: [provider], tracing });
    await call(house.url, { traceparent: `00-${TRACE}-${SPAN}-00` });
    await tracing.close();
    expect([tracing.sent, tracing.dropped]).toEqual([0, 0]);
    expect(heard[0]?.['traceparent']).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  });

  it('is not told to providers if the operator does not want that', async () => {
    const { url } = await collector();
    const [tracing] = tracingTo(url, { toProviders: false });
    const { heard, provider } = hearing();
    const house = await open({ providers: [provider], tracing });
    await call(house.url, { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'v=1' });
    expect([heard[0]?.['traceparent'], heard[0]?.['tracestate']]).toEqual([undefined, undefined]);
  });

  it('a share of the traces that begin here is recorded', async () => {
    const { url } = await collector();
    const [none] = tracingTo(url, { sampleRatio: 0 });
    const [all] = tracingTo(url, { sampleRatio: 0, keepsDecisions: true });
    expect(none.open({}).sampled).toBe(false);
    expect(all.open({ traceparent: `00-${TRACE}-${SPAN}-01` }).sampled).toBe(true);
    const [half] = tracingTo(url, { sampleRatio: 0.5 });
    const sampled = Array.from({ length: 1_000 }, () => half.open({}).sampled).filter(Boolean);
    expect(sampled.length).toBeGreaterThan(350);
    expect(sampled.length).toBeLessThan(650);
  });
});

const record = (callId: string): CallRecord => ({
  ...{ traceId: TRACE, spanId: SPAN, parentId: null, state: null, startMs: 1, endMs: 2, callId },
  ...{ keyId: 'key_1', customerId: 'cus_1', teamId: null, endpoint: 'chat.completions' },
  ...{ path: '/v1/chat/completions', model: 'm', stream: false, httpStatus: 200, refusal: null },
  attempts: [],
});

describe('a collector', () => {
  // opentelemetry-js#3772, opentelemetry-js#4184: a batch was sent every five seconds, and the rest was lost unsaid.
  it('gets every call of a burst that is larger than a batch', async () => {
    const { spans, url } = await collector();
    const [tracing] = tracingTo(url, {}, { traceBatchMax: 64 });
    for (let i = 0; i < 1_000; i++) tracing.add(record(`c${i}`));
    await tracing.close();
    const ids = new Set(spans.map(({ attributes }) => attributes['tollgate.call_id']));
    expect([ids.size, tracing.sent, tracing.dropped]).toEqual([1_000, 1_000, 0]);
  });

  it('that does not answer costs spans, which are counted, and no call', async () => {
    const { provider } = hearing();
    const [tracing, said] = tracingTo('http://127.0.0.1:1/v1/traces', {
      environment: { OTEL_EXPORTER_OTLP_TIMEOUT: '50' },
    });
    const house = await open({ providers: [provider], tracing });
    expect((await call(house.url)).status).toBe(200);
    await until(() => tracing.dropped === 2);
    expect(tracing.sent).toBe(0);
    expect(said.lines).toEqual([{ spans: 2, code: expect.stringMatching(/^\w+$/) }]);
  });

  it('that is slow fills a bounded room; what is beyond it is dropped and counted', async () => {
    const gate = Promise.withResolvers<number>();
    const { spans, url } = await collector(() => gate.promise);
    const [tracing, said] = tracingTo(url, {}, { traceCallsMax: 10, traceBatchMax: 5 });
    for (let i = 0; i < 5; i++) tracing.add(record(`sent-${i}`));
    for (let i = 0; i < 25; i++) tracing.add(record(`waits-${i}`));
    expect(tracing.dropped).toBe(15);
    gate.resolve(200);
    await tracing.close();
    expect([spans.length, tracing.sent, tracing.dropped]).toEqual([15, 15, 15]);
    expect(said.lines).toEqual([{ spans: 1, code: 'full' }]);
  });

  it('that refuses is not told its own words in our log', async () => {
    const { url } = await collector(() => 401);
    const [tracing, said] = tracingTo(url);
    tracing.add(record('c'));
    await tracing.close();
    expect([tracing.dropped, said.lines]).toEqual([1, [{ spans: 1, code: '401' }]]);
  });

  it('learns who sends, and gets the headers that it asks for', async () => {
    const kept = await collector();
    const headers = { authorization: 'Bearer collector' };
    const [tracing] = tracingTo(kept.url, {
      otlp: { url: kept.url, headers, resource: { 'service.name': 'tollgate-proxy' } },
      environment: { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' },
    });
    tracing.add(record('c'));
    await tracing.close();
    expect(kept.headers).toMatchObject([{ ...headers, url: '/v1/traces' }]);
    expect(kept.resource).toEqual({
      ...{ 'service.name': 'tollgate-proxy', 'service.instance.id': 'ins_1' },
      'deployment.environment.name': 'test',
    });
  });
});
