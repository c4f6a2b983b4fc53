/** Responses that go on without their calls: metered once, however many ask for them. */

import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Upstream, UpstreamHandler } from '@tollgate/adapters/provider/upstream.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Endpoint } from '../dialects/dialect.ts';
import { openAi } from '../dialects/openai/openai.ts';
import { proxyLimits } from '../limits.ts';
import type { Provider } from '../routing/deployments.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, priced, type StageOptions } from '../testing/call-stage.ts';
import { memoryLedger } from '../testing/memory-ledger.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { BackgroundPoller } from './background-poller.ts';
import { OwnedObjects } from './owned-objects.ts';

const responses = openAi.endpoints.find(({ name }) => name === 'responses') as Endpoint;
const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const { first, max } = proxyLimits.backgroundPauseMs;

const usage = { input_tokens: 30, output_tokens: 12, total_tokens: 42 };
const response = (status: string, fields: object = {}) =>
  JSON.stringify({
    ...{ id: 'resp_1', object: 'response', status, model: 'm', output: [], usage: null, ...fields },
  });
const END = response('completed', {
  ...{ usage, output: [{ id: 'msg_1', type: 'message', content: [] }] },
});

let store: MemoryObjects;
let stage: CallStage;
let errors: unknown[];
let said: { status: number; body: string } | 'broken';
let asked: string[];
let ledger: Ledger;
const pollers: BackgroundPoller[] = [];
afterEach(async () => {
  for (const one of pollers.splice(0)) await one.stop();
});

const ask: Upstream['ask'] = (method, path, _headers, handler: UpstreamHandler) => {
  asked.push(`${method} ${path}`);
  queueMicrotask(() => {
    if (said === 'broken') {
      const cause = new Error('broken');
      return handler.onFailure({ kind: 'broken', unsent: false, cause });
    }
    handler.onHeaders(said.status, { 'content-type': 'application/json' });
    handler.onData(Buffer.from(said.body));
    handler.onEnd();
  });
  return { pause: () => undefined, resume: () => undefined, abort: () => undefined };
};

function poller(): BackgroundPoller {
  const one = new BackgroundPoller({
    ...{ store, limits: proxyLimits },
    providers: [{ name: 'p1', priceProvider: 'p', upstream: { ask } } as unknown as Provider],
    journal: {
      submit: (write, done) => {
        stage.writes.push(write);
        queueMicrotask(done);
      },
    },
    ledger,
    directory: { price: () => priced(1) },
    onError: (error) => errors.push(error),
  });
  pollers.push(one);
  return one;
}

async function open(options: StageOptions = {}): Promise<CallStage> {
  store = new MemoryObjects();
  [errors, asked] = [[], []];
  ledger = memoryLedger();
  said = { status: 200, body: response('in_progress') };
  const onError = (error: unknown) => errors.push(error);
  const owned = new OwnedObjects({ store, limits: proxyLimits, onError });
  stage = await CallStage.open(books(), {
    owned,
    background: { look: async () => 'open' },
    ...options,
  });
  return stage;
}

/** A call is taken in the background, and answered. */
async function begin(options: StageOptions = {}) {
  await open(options);
  const body = JSON.stringify({ model: 'm', input: 'hi', max_output_tokens: 50, background: true });
  const client = stage.call(body, responses);
  await pass();
  const { answer } = stage.posts[0] as (typeof stage.posts)[number];
  answer.onHeaders(200, { 'content-type': 'application/json' });
  answer.onData(Buffer.from(response('queued')));
  answer.onEnd();
  await pass();
  return client;
}

const events = () =>
  stage.events().map(({ type, status, cost, usage_source, id, resolves_id }) => {
    return { type, status, cost, usage_source, id, resolves_id };
  });
const resolutions = () => stage.events().filter(({ type }) => type === 'resolution');
const counted = () => new Set(resolutions().map(({ id }) => id)).size;

describe('a response in the background', () => {
  it('I1, I8: is an attempt whose usage is not known yet, charged the hold, before its client is answered', async () => {
    const client = await begin();
    expect(client.connection.received).toContain('"queued"');
    expect(events()).toMatchObject([
      { type: 'attempt', status: 'ok', cost: null, usage_source: 'none' },
    ]);
    expect(stage.events()[0]).toMatchObject({ error_type: 'response_goes_on' });
    expect(stage.held().held).toBe(0n);
    expect(stage.held().spent > 0n).toBe(true);
    expect([...store.begun.keys()]).toEqual(['resp_1']);
    expect(store.objects.get('resp_1')).toEqual({ owner: 'cus_1', provider: 'p1' });
  });

  it('is asked for less and less often while it goes on, and no more when it has ended', async () => {
    await begin();
    poller().start();
    await pass(first + proxyLimits.backgroundPollMs);
    expect(asked).toEqual(['GET /responses/resp_1']);
    await pass(10 * max);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.length).toBeLessThan((10 * max) / first / 4);
    expect(resolutions()).toEqual([]);
    said = { status: 200, body: END };
    await pass(2 * max);
    const before = asked.length;
    await pass(10 * max);
    expect(asked).toHaveLength(before);
    expect([counted(), store.begun.size, errors]).toEqual([1, 0, []]);
  });

  // litellm#25015: each poll of a background response added its whole cost again.
  it('I2: is billed once as its provider says, and its budget follows, whichever proxies look', async () => {
    await begin();
    said = { status: 200, body: END };
    const [one, other] = [poller(), poller()];
    const [running] = [store.begun.get('resp_1')?.running];
    if (running === undefined) throw new Error('nothing goes on');
    await Promise.all([one.look(running), other.look(running), one.look(running)]);
    await pass();
    const [attempt] = stage.events() as [UsageEvent];
    expect(new Set(resolutions().map((event) => JSON.stringify(event))).size).toBe(1);
    expect(resolutions()[0]).toMatchObject({
      ...{ resolves_id: attempt.id, source: 'background/p1', input_tokens: 30, output_tokens: 12 },
      cost: '0.000000000042',
    });
    const [event, ...more] = await ledger.read(attempt.budget_windows[0] as string);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ type: 'LeaseAdjusted' });
    expect(event?.data).toMatchObject({
      attempt_id: attempt.id,
      lease_id: attempt.hold_lease_ids[0],
    });
  });

  it('its attempt comes before what resolves it, though another proxy’s journal may be late', async () => {
    await begin();
    said = { status: 200, body: END };
    const taken = stage.writes
      .filter(({ op }) => op === 'finished')
      .map((write) => 'event' in write && write.event);
    const before = stage.writes.length;
    const [running] = [store.begun.get('resp_1')?.running];
    await poller().look(running as never);
    const written = stage.writes
      .slice(before)
      .map((write) => ('event' in write ? write.event : ''));
    expect(written[0]).toBe(taken[0]);
    expect(JSON.parse(written[1] ?? '')).toMatchObject({ type: 'resolution' });
  });

  it.each([
    [
      'that was cancelled without a word of its usage',
      { status: 200, body: response('cancelled') },
    ],
    ['that failed without a word of its usage', { status: 200, body: response('failed') }],
    ['that its provider has no more', { status: 404, body: '{}' }],
  ])('I8: one %s stays unknown, and is not asked for again', async (_, answer) => {
    await begin();
    said = answer;
    poller().start();
    await pass(5 * max);
    expect([asked.length, resolutions(), store.begun.size]).toEqual([1, [], 0]);
  });

  it.each([
    ['that cannot be asked', 'broken' as const],
    ['that says no for now', { status: 503, body: '{}' }],
    ['that says half of it', { status: 200, body: END.slice(0, 40) }],
  ])('a provider %s is asked again', async (_, answer) => {
    await begin();
    said = answer;
    poller().start();
    await pass(2 * max);
    expect([resolutions(), store.begun.size]).toEqual([[], 1]);
    said = { status: 200, body: END };
    await pass(2 * max);
    expect([counted(), store.begun.size, errors]).toEqual([1, 0, []]);
  });

  it('one that never ends is asked for no longer than a day', async () => {
    await begin();
    poller().start();
    await pass(proxyLimits.backgroundAgeMsMax + 2 * max);
    expect([store.begun.size, resolutions()]).toEqual([0, []]);
  });

  it('is followed once the store that was away is back', async () => {
    await open();
    store.isAway = true;
    const body = JSON.stringify({
      model: 'm',
      input: 'hi',
      max_output_tokens: 5,
      background: true,
    });
    stage.call(body, responses);
    await pass();
    const { answer } = stage.posts[0] as (typeof stage.posts)[number];
    answer.onHeaders(200, { 'content-type': 'application/json' });
    answer.onData(Buffer.from(response('queued')));
    answer.onEnd();
    await pass();
    expect(store.begun.size).toBe(0);
    store.isAway = false;
    await pass(proxyLimits.storedRetryMs);
    expect([...store.begun.keys()]).toEqual(['resp_1']);
  });

  it('is refused to keys that guardrails apply to: nothing would look at its answer', async () => {
    const guard = {
      ...{ judges: [], redactions: 0, request: async () => null },
      body: async (_endpoint: Endpoint, body: Buffer) => body,
    };
    await open({ guardrails: { guardOf: () => guard } });
    const body = JSON.stringify({
      ...{ model: 'm', input: 'hi', max_output_tokens: 5, background: true },
    });
    const client = stage.call(body, responses);
    await pass();
    expect([stage.posts.length, client.refusal.status]).toEqual([0, 403]);
  });

  it('is refused where nobody follows it', async () => {
    await open({ background: undefined } as never);
    const body = JSON.stringify({
      model: 'm',
      input: 'hi',
      max_output_tokens: 5,
      background: true,
    });
    const client = stage.call(body, responses);
    await pass();
    expect([stage.posts.length, client.refusal.status]).toEqual([0, 503]);
  });

  it('as a stream is known by its id from its first event on, and followed if its call ends before it', async () => {
    await open();
    const body = JSON.stringify({
      ...{ model: 'm', input: 'hi', max_output_tokens: 50, background: true, stream: true },
    });
    stage.call(body, responses);
    await pass();
    const { answer } = stage.posts[0] as (typeof stage.posts)[number];
    answer.onHeaders(200, { 'content-type': 'text/event-stream' });
    const created = { type: 'response.created', response: JSON.parse(response('queued')) };
    answer.onData(Buffer.from(`event: response.created\ndata: ${JSON.stringify(created)}\n\n`));
    await pass();
    expect([store.objects.has('resp_1'), store.begun.size]).toEqual([true, 0]);
    answer.onFailure({ kind: 'broken', unsent: false, cause: new Error('broken') });
    await pass();
    expect([...store.begun.keys()]).toEqual(['resp_1']);
    said = { status: 200, body: END };
    poller().start();
    await pass(2 * max);
    expect(counted()).toBe(1);
  });

  it('as a stream that came to its end is metered by that, and not followed', async () => {
    await open();
    const body = JSON.stringify({
      ...{ model: 'm', input: 'hi', max_output_tokens: 50, background: true, stream: true },
    });
    stage.call(body, responses);
    await pass();
    const { answer } = stage.posts[0] as (typeof stage.posts)[number];
    answer.onHeaders(200, { 'content-type': 'text/event-stream' });
    const completed = { type: 'response.completed', response: JSON.parse(END) };
    answer.onData(Buffer.from(`event: response.completed\ndata: ${JSON.stringify(completed)}\n\n`));
    answer.onEnd();
    await pass();
    expect(events()).toMatchObject([{ type: 'attempt', usage_source: 'provider' }]);
    expect(store.begun.size).toBe(0);
  });
});
