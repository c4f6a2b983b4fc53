/** Calls under rate limits: what is refused and how it is said, and what is free again when. */
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallRequest } from '../dialects/dialect.ts';
import { errorHeaders } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, UNUSED, USAGE, usage } from '../testing/calls.ts';
import { rateLimit } from '../testing/rate-house.ts';
import { limitsOfCall, rateRefusal } from './rates.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12, 0, 10));
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const SLOT = rateLimit({ rate_limit_id: 'c', measure: 'concurrent_calls', limit: 1 });
const SSE = { 'content-type': 'text/event-stream' };
const JSON_HEAD = { 'content-type': 'application/json', 'x-ratelimit-limit-requests': '9999' };

let stage: CallStage;

async function open(rateLimits: readonly RateLimit[], more: StageOptions = {}): Promise<void> {
  stage = await CallStage.open(books(), { budgets: [], rateLimits, ...more });
}
async function call(body = chat()): Promise<Client> {
  const client = stage.call(body);
  await pass();
  return client;
}
async function answer(post = stage.posts.at(-1)): Promise<void> {
  post?.answer.onHeaders(200, JSON_HEAD);
  post?.answer.onData(Buffer.from(JSON.stringify({ id: 'x', usage })));
  post?.answer.onEnd();
  await pass();
}
const errorOf = ({ refusal }: Client) => JSON.parse(refusal.body ?? '{}').error;

describe('a call beyond a limit', () => {
  // api7/aisix PR#1079: a 429 did not say what the limit was, or when to come again.
  it('is a 429 that says which limit, of what, until when, and is an event', async () => {
    await open([rateLimit({ limit: 2 })]);
    await call();
    await call();
    const { refusal } = await call();
    expect(refusal.status).toBe(429);
    expect(JSON.parse(refusal.body ?? '')).toEqual({
      error: {
        message:
          'This key may use 2 requests per minute. 0 are left. The limit resets at 2026-06-01T12:01:00.000Z.',
        type: 'rate_limit_error',
        param: null,
        code: 'rate_limit_exceeded',
        scope: 'key',
        measure: 'requests',
        unit: 'requests',
        window: 'minute',
        limit: '2',
        spent: '2',
        remaining: '0',
        needed: '1',
        resets_at: '2026-06-01T12:01:00.000Z',
        remedy: {
          action: 'wait',
          text: 'Try again at 2026-06-01T12:01:00.000Z.',
          retry_at: '2026-06-01T12:01:00.000Z',
        },
      },
    });
    expect(refusal.headers).toMatchObject({
      'x-should-retry': 'true',
      'retry-after': '50',
      'retry-after-ms': '50010',
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '50s',
    });
    expect(stage.events()).toMatchObject([
      {
        ...{ type: 'refusal', error_type: 'rate_limit_exceeded' },
        refusal: {
          ...{ kind: 'rate_limit', rate_limit_id: 'rtl_1', limit: '2', remaining: '0' },
          ...{ needed: '1', resets_at: '2026-06-01T12:01:00.000Z', retry_ms: '50000' },
        },
      },
    ]);
    expect([stage.posts.length, stage.refused]).toEqual([2, ['rate_limit_exceeded']]);
  });

  it('for good is told that it need not come again', async () => {
    await open([rateLimit({ measure: 'total_tokens', limit: 20 })]);
    const client = await call();
    expect(errorOf(client)).toMatchObject({
      ...{ limit: '20', unit: 'tokens', needed: String(HOLD) },
      remedy: { action: 'send_less', text: expect.stringContaining('smaller output limit') },
    });
    expect(client.refusal.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(client.refusal.headers).not.toHaveProperty('retry-after');
  });

  // Kong: a limit that is keyed by the requested model is evaded by an alias or a fallback.
  it('of a model is found by any of its names, and by no other', () => {
    const of = (model: string) => [rateLimit({ scope: { type: 'key_model', id: 'k', model } })];
    const binds = (pattern: string) =>
      limitsOfCall(of(pattern), { model: 'Fast' } as CallRequest, { model: 'm-4o', alias: 'quick' })
        .length;
    expect(['fast', 'm-*', 'Quick', '*', 'm-4', 'fas', 'x*'].map(binds)).toEqual([
      ...[1, 1, 1, 1, 0, 0, 0],
    ]);
  });

  it('whose store is away is a 503', () => {
    const refused = {
      kind: 'unavailable',
      limit: rateLimit(),
      retryMs: 500,
      resetsAtMs: null,
    } as const;
    const refusal = rateRefusal({ ...refused, needed: 1, left: 10 }, 0);
    expect(refusal.code).toBe('rate_limit_unavailable');
    expect(errorHeaders(refusal)).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '510' });
  });
});

describe('an answer under a limit', () => {
  // envoyproxy/ai-gateway#1754: what was left never became less.
  it('states what is left of it, in place of what the provider says of our account', async () => {
    const tokens = rateLimit({ rate_limit_id: 't', measure: 'total_tokens', limit: 1_000 });
    await open([rateLimit(), tokens]);
    const client = await call();
    await answer();
    const { headers } = client.got() ?? {};
    expect(headers).toMatchObject({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-reset-requests': '50s',
      'x-ratelimit-limit-tokens': '1000',
      // What it did not use of its reserve is there again.
      'x-ratelimit-remaining-tokens': String(1_000 - 42),
    });
  });

  it('without one passes the provider’s own', async () => {
    await open([SLOT]);
    const client = await call();
    await answer();
    expect(client.got()?.headers).toMatchObject({ 'x-ratelimit-limit-requests': '9999' });
  });
});

describe('tokens', () => {
  const tokens = (limit: number) => rateLimit({ measure: 'total_tokens', limit });

  it('that a call can use are bounded by a limit that it is given', async () => {
    const deployments = [{ outputTokensDefault: 7 }];
    await open([tokens(10_000)], { deployments });
    await call(chat({ max_tokens: undefined }));
    expect(JSON.parse(stage.posts[0]?.body ?? '').max_tokens).toBe(7);
  });

  it('that nobody can bound are refused, and so is a model whose output has no bound', async () => {
    await open([tokens(10_000)], { deployments: [{ outputTokensMax: null }] });
    const image = [{ type: 'image_url', image_url: { url: 'https://h/i' } }];
    const remote = await call(chat({ messages: [{ role: 'user', content: image }] }));
    const open_ended = await call(chat({ max_tokens: undefined }));
    expect([errorOf(remote).code, errorOf(open_ended).code]).toEqual([
      'unbounded_request',
      'output_limit_required',
    ]);
    expect(errorOf(remote).message).toMatch(/limit of tokens/);
  });

  it('of a call that its budget refuses are there again', async () => {
    await open([tokens(Number(HOLD)), SLOT], { budgets: [{ limit: 1n }] });
    expect((await call()).refusal.status).toBe(402);
    // Not 429.
    expect((await call()).refusal.status).toBe(402);
  });
});

describe('a slot is free again when its call has ended, however it does', () => {
  const isFree = async () => {
    await pass(100);
    const client = await call();
    return client.refusal.status !== 429;
  };
  const policies = ['drain', 'abort'] as const;

  // litellm#27955: calls that ended as they should kept their slots for an hour.
  it('a second call at once is refused, and another as soon as the first has ended', async () => {
    await open([SLOT]);
    await call();
    const second = await call();
    expect(errorOf(second)).toMatchObject({ measure: 'concurrent_calls', window: null });
    expect(errorOf(second).message).toMatch(/All run/);
    // api7/aisix PR#1079: without a delay, clients came again at once.
    expect(second.refusal.headers).toMatchObject({
      'x-should-retry': 'true',
      'retry-after': '1',
      'retry-after-ms': '1010',
    });
    await answer();
    expect(await isFree()).toBe(true);
  });

  // litellm#1477, litellm#20256, litellm PR#28160: a failed or cancelled call kept its slot.
  it('refused before it was sent', async () => {
    await open([SLOT], { budgets: [{ limit: 1n }] });
    for (let i = 0; i < 3; i++) {
      expect((await call()).refusal.status).toBe(402);
      await pass(100);
    }
  });

  it('its provider fails', async () => {
    await open([SLOT]);
    for (const kind of ['unreachable', 'timeout', 'broken'] as const) {
      await call();
      stage.posts.at(-1)?.answer.onFailure({ kind, unsent: false, cause: new Error(kind) });
      await pass(100);
    }
    expect(stage.posts).toHaveLength(3);
    expect(await isFree()).toBe(true);
  });

  for (const onDisconnect of policies) {
    it(`its client leaves before the first byte (${onDisconnect})`, async () => {
      await open([SLOT], { key: { onDisconnect } });
      const client = await call();
      client.connection.destroy();
      await pass();
      const post = stage.posts[0];
      if (onDisconnect === 'drain') await answer(post);
      else post?.answer.onFailure({ kind: 'aborted', unsent: false, cause: new Error('gone') });
      expect(await isFree()).toBe(true);
    });

    // litellm#27955, litellm PR#30020: a stream that was cancelled kept its slot.
    it(`its client leaves midway (${onDisconnect})`, async () => {
      await open([SLOT], { key: { onDisconnect } });
      const client = await call(chat({ stream: true }));
      const post = stage.posts[0];
      post?.answer.onHeaders(200, SSE);
      post?.answer.onData(Buffer.from(CHUNK));
      await pass();
      client.connection.destroy();
      await pass();
      if (onDisconnect === 'drain') {
        post?.answer.onData(Buffer.from(USAGE + DONE));
        post?.answer.onEnd();
      } else post?.answer.onFailure({ kind: 'aborted', unsent: false, cause: new Error('gone') });
      expect(await isFree()).toBe(true);
    });
  }

  it('its client leaves after the end', async () => {
    await open([SLOT]);
    const client = await call();
    await answer();
    client.connection.destroy();
    expect(await isFree()).toBe(true);
  });

  it('and while the provider still answers a client that has gone, it is not', async () => {
    await open([SLOT]);
    (await call()).connection.destroy();
    expect(await isFree()).toBe(false);
  });
});

// litellm#21312: only calls that succeeded counted, and a client that failed was never slowed.
it('a call that was sent counts, although its provider fails', async () => {
  await open([rateLimit({ limit: 3 })]);
  await call();
  stage.posts.at(-1)?.answer.onHeaders(400, JSON_HEAD);
  stage.posts.at(-1)?.answer.onData(Buffer.from(JSON.stringify({ error: { message: 'no' } })));
  stage.posts.at(-1)?.answer.onEnd();
  for (const unsent of [false, true]) {
    await call();
    const cause = new Error('broken');
    stage.posts.at(-1)?.answer.onFailure({ kind: 'unreachable', unsent, cause });
    await pass();
  }
  expect([stage.posts.length, (await call()).refusal.status]).toEqual([3, 429]);
});

it('a call that waited and finds the next second full gives its minute back once', async () => {
  const second = rateLimit({ rate_limit_id: 's', per: 'second', limit: 1 });
  await open([second, rateLimit({ limit: 3 })]);
  const { connections } = (stage.route[0] as Deployment).provider;
  let letGo: (turn: boolean) => void = () => undefined;
  const take = vi.spyOn(connections, 'take').mockReturnValueOnce(
    new Promise((resolve) => {
      letGo = resolve;
    }),
  );
  const waits = await call();
  await pass(1_000);
  // The second in which it may go on has been used by another.
  await call();
  letGo(true);
  await pass();
  expect([waits.refusal.status, stage.posts.length]).toEqual([429, 1]);
  take.mockRestore();
  for (let i = 0; i < 4; i++) {
    await pass(1_000);
    await call();
  }
  expect(stage.posts).toHaveLength(3);
});

it('a call that waited counts in the window in which it starts', async () => {
  await open([rateLimit({ limit: 1 })]);
  const [first] = stage.route;
  const { connections } = first?.provider ?? {};
  let letGo: (turn: boolean) => void = () => undefined;
  vi.spyOn(connections as NonNullable<typeof connections>, 'take').mockReturnValueOnce(
    new Promise((resolve) => {
      letGo = resolve;
    }),
  );
  const waits = await call();
  await pass(51_000);
  letGo(true);
  await pass();
  expect([stage.posts.length, waits.refusal.status]).toEqual([1, undefined]);
  expect((await call()).refusal.status).toBe(429);
});

describe('a call whose window ends while it is recorded', () => {
  beforeEach(async () => {
    await open([rateLimit({ limit: 1 })]);
    stage.journalWaits = true;
  });

  it('counts in the window in which it is sent', async () => {
    const first = await call();
    await pass(51_000);
    stage.durable();
    await pass();
    expect([stage.posts.length, first.refusal.status]).toEqual([1, undefined]);
    expect((await call()).refusal.status).toBe(429);
  });

  it('is not sent if that is full: a 429 like any other, and nothing is held or billed', async () => {
    const late = await call();
    await pass(51_000);
    await call();
    stage.durable();
    await pass();
    expect(stage.posts).toEqual([]);
    stage.durable();
    stage.durable();
    await pass();
    const { status, headers, body } = late.got() ?? {};
    expect([stage.posts.length, status]).toEqual([1, 429]);
    expect(headers).toMatchObject({ 'x-ratelimit-remaining-requests': '0' });
    expect(JSON.parse(body ?? '').error).toMatchObject({ code: 'rate_limit_exceeded' });
    expect(stage.events()).toMatchObject([
      {
        type: 'attempt',
        status: 'upstream_error',
        error_type: 'rate_limit_exceeded',
        cost: UNUSED.cost,
      },
    ]);
    expect([stage.refused, stage.handler.inFlight]).toEqual([['rate_limit_exceeded'], 1]);
  });

  it('is sent if the limit is there no more', async () => {
    await call();
    await pass(51_000);
    stage.rateLimits = [];
    stage.durable();
    await pass();
    expect(stage.posts).toHaveLength(1);
  });
});

it('a call without limits does not wait for one: not even for a turn of the event loop', async () => {
  await open([]);
  const admit = vi.spyOn((await import('../rates/rate-book.ts')).RateBook.prototype, 'admit');
  await call();
  expect([stage.posts.length, admit.mock.calls.length]).toEqual([1, 0]);
  admit.mockRestore();
});
