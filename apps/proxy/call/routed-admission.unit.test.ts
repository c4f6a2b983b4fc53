/** Routed calls before and between their attempts: who cannot be asked, whose limits bind, whose fault it was. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { chat, HOLD, usage } from '../testing/calls.ts';
import { rateLimit } from '../testing/rate-house.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const OK = JSON.stringify({ id: 'x', usage });
/** It states no output limit. */
const NO_LIMIT = chat({ max_tokens: undefined });
const two: StageOptions = { deployments: [{}, {}], routed: {} };
const once = { limits: { breakerFailures: 1 } };

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
beforeEach(() => vi.restoreAllMocks());

async function begin(options: StageOptions, body = chat()): Promise<void> {
  stage = await CallStage.open(books(), options);
  await again(body);
}

async function again(body = chat()): Promise<void> {
  client = stage.call(body);
  await pass();
}

async function answers(status: number, body: string): Promise<void> {
  stage.last().answer.onHeaders(status, { 'content-type': 'application/json' });
  stage.last().answer.onData(Buffer.from(body));
  stage.last().answer.onEnd();
  await pass();
}

const error = (code: string | null) => JSON.stringify({ error: { code, message: 'no' } });
const told = () => [client.got()?.status, client.got()?.headers['x-tollgate-provider']];
/** The provider that the last recorded attempt went to. */
function lastAt(): string | undefined {
  const write = stage.writes.findLast(({ op }) => op === 'started');
  return write?.op === 'started' ? /"deployment":"(p\d)\//.exec(write.event)?.[1] : undefined;
}

describe('a candidate that can never take the request', () => {
  it.each<[string, Partial<StageOptions>]>([
    ['without a price, under a budget', { deployments: [{ price: null }, {}] }],
    ['without a known output limit', { deployments: [{ outputTokensMax: null }, {}] }],
  ])('is passed over: %s', async (_, options) => {
    await begin({ ...two, ...options }, NO_LIMIT);
    await answers(200, OK);
    expect([told(), stage.posts.length, stage.refused]).toEqual([[200, 'p2'], 1, []]);
    expect([stage.held().held, stage.handler.inFlight]).toEqual([0n, 0]);
  });

  it('is passed over after another one has failed, and not asked again', async () => {
    const routed = { retries: 2 };
    await begin({ deployments: [{}, { price: null }], routed });
    for (let attempt = 1; attempt <= 3; attempt++) {
      await answers(500, error(null));
      await pass(2_000);
    }
    expect([told(), stage.posts.length]).toEqual([[500, 'p1'], 3]);
  });

  it('is what the client is told of, the first of them, if there is no other', async () => {
    const deployments = [{ outputTokensMax: null }, { price: null }];
    await begin({ ...two, deployments }, NO_LIMIT);
    expect([client.refusal.status, stage.refused, stage.posts]).toEqual([
      ...[400, ['output_limit_required'], []],
    ]);
    expect(stage.handler.inFlight).toBe(0);
  });

  it('is no way around a budget that cannot pay for the next one', async () => {
    const deployments = [{ price: null }, {}];
    await begin({ ...two, deployments, budgets: [{ limit: HOLD - 1n }] });
    expect([stage.refused, stage.posts]).toEqual([['budget_exceeded'], []]);
  });
});

describe('a limit of a model binds by the name of a route’s candidate', () => {
  const deployments = [{ alias: 'fast' }];

  it.each([
    ['a budget of that name', 'fast'],
    ['a budget of a pattern that fits it', 'FAS*'],
    ['a budget of the route’s name', 'm'],
  ])('%s', async (_, model) => {
    await begin({ routed: {}, deployments, budgets: [{ model, limit: HOLD - 1n }] });
    expect([stage.refused, stage.posts]).toEqual([['budget_exceeded'], []]);
  });

  it('a rate limit of it', async () => {
    const scope = { type: 'key_model', id: 'key_1', model: 'fast' } as const;
    await begin({ routed: {}, deployments, rateLimits: [rateLimit({ scope, limit: 1 })] });
    await answers(200, OK);
    await again();
    expect([stage.refused, stage.posts.length]).toEqual([['rate_limit_exceeded'], 1]);
  });

  it('and by no other name', async () => {
    await begin({ routed: {}, deployments, budgets: [{ model: 'slow', limit: HOLD - 1n }] });
    expect(stage.posts.length).toBe(1);
  });
});

describe('a request that a content policy refuses with the status of a refused account', () => {
  const XAI = JSON.stringify({
    code: 'The caller does not have permission to execute the specified operation',
    error: 'Content violates usage guidelines. Team: t, API key ID: sk-ours, Model: m',
  });
  const OPEN_ROUTER = JSON.stringify({
    error: {
      code: 403,
      message: 'Your chosen model requires moderation and your input was flagged',
    },
  });

  // theopenco/llmgateway PR#1785, Wei-Shaw/sub2api PR#5359: one such prompt took the provider's account out.
  it.each([
    ['a key’s id in its text', XAI],
    ['a code that is its status', OPEN_ROUTER],
  ])('is refused as that, and blames nobody: %s', async (_, body) => {
    await begin({ ...two, ...once });
    await answers(403, body);
    expect([told(), stage.posts.length]).toEqual([[400, 'p1'], 1]);
    expect(JSON.parse(client.got()?.body ?? '').error.code).toBe('content_refused');
    expect(client.got()?.body).not.toContain('sk-ours');
    expect(stage.events()[0]).toMatchObject({
      ...{ error_type: 'upstream_content_policy', cost: '0.000000000000', http_status: 403 },
    });
    await again();
    expect([lastAt(), stage.held().held]).toEqual(['p1', HOLD]);
  });

  it('is gone around where the operator says so', async () => {
    await begin({ ...two, routed: { fallback_on: ['content_policy'] } });
    await answers(403, XAI);
    await answers(200, OK);
    expect(told()).toEqual([200, 'p2']);
  });

  it.each([
    ['says nothing of that', error(null)],
    ['is too long to be read for it', `${' '.repeat(70_000)}${XAI}`],
  ])('any other 403 is of our account: one that %s', async (_, body) => {
    await begin({ ...two, ...once });
    await answers(403, body);
    await answers(200, OK);
    await again();
    expect([stage.events()[0]?.error_type, lastAt()]).toEqual(['upstream_unauthorized', 'p2']);
  });
});

it('a quick refusal of a wrong request draws no calls to its deployment', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  await begin({ ...two, routed: { strategy: 'fastest' } });
  await answers(400, error('invalid_value'));
  const went: unknown[] = [lastAt()];
  for (let call = 0; call < 3; call++) {
    await again();
    went.push(lastAt());
    await pass(100);
    await answers(200, OK);
  }
  expect(went).toEqual(['p1', 'p2', 'p2', 'p2']);
});

describe('the deadline of a whole call', () => {
  const timed = { ...two, routed: { timeout_ms: 1_000 } };

  it('does not wait for what is still being taken: the client is told, and all is given back', async () => {
    stage = await CallStage.open(books(), timed);
    const grant = stage.ledger.hold();
    client = stage.call(chat());
    await pass(999);
    expect(client.refusal.status).toBe(undefined);
    await pass(1);
    expect([client.refusal.status, stage.handler.inFlight]).toEqual([504, 1]);
    grant();
    await pass();
    expect([stage.posts, stage.held().held, stage.handler.inFlight]).toEqual([[], 0n, 0]);
    expect(stage.refused).toEqual(['upstream_timeout']);
  });

  it('is no timer of a call that is refused at once: it kept the call and its body for that long', async () => {
    const deployments = [{ price: null }, { price: null }];
    stage = await CallStage.open(books(), { ...timed, deployments });
    const timers = vi.getTimerCount();
    client = stage.call(chat());
    await pass();
    expect([stage.refused, vi.getTimerCount() - timers]).toEqual([['model_unpriced'], 0]);
  });

  it('nor between two attempts: the call ends as the last one did', async () => {
    await begin({ ...timed, deployments: [{}, { alias: 'b' }], budgets: [{ model: 'b' }] });
    const grant = stage.ledger.hold();
    await answers(500, error('first'));
    await pass(1_000);
    expect([told(), client.got()?.body]).toEqual([[500, 'p1'], error('first')]);
    grant();
    await pass();
    expect([stage.posts.length, stage.held().held, stage.handler.inFlight]).toEqual([1, 0n, 0]);
  });

  it('is that of one attempt where its route says nothing of it', async () => {
    await begin({ ...two, limits: { attemptTimeoutMs: 1_000 } });
    await pass(600);
    await answers(500, error(null));
    await pass(399);
    expect(stage.last().controls).toEqual([]);
    await pass(1);
    expect(stage.last().controls).toEqual(['the call took too long']);
  });

  it('is on the event of an attempt that it cut short, and says nothing of its provider', async () => {
    await begin(timed);
    await pass(1_000);
    stage.last().answer.onFailure({ kind: 'aborted', unsent: false, cause: new Error('x') });
    await pass();
    expect(stage.events()[0]).toMatchObject({ status: 'timeout', error_type: 'deadline.call' });
  });
});
