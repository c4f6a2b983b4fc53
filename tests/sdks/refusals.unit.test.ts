/**
 * What the official SDKs make of refusals: how often they ask, and when. They speak to the proxy's own
 * code, without sockets, so that time is the test's and every delay is known to the millisecond.
 */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ModelAccess } from '@tollgate/domain/routing/model-access.ts';
import type { Endpoint } from '@tollgate/proxy/dialects/dialect.ts';
import { openAi } from '@tollgate/proxy/dialects/openai/openai.ts';
import { useMemoryBooks } from '@tollgate/proxy/testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '@tollgate/proxy/testing/call-stage.ts';
import { rateLimit } from '@tollgate/proxy/testing/rate-house.ts';
import { APICallError, embed, generateText } from 'ai';
import OpenAI, { APIError } from 'openai';
import { describe, expect, it, vi } from 'vitest';

const NOW = Date.UTC(2026, 5, 1, 12, 0, 10);
const books = useMemoryBooks(NOW);
const BASE_URL = 'http://gateway.example/v1';

/** The timers of a test are not real; the turns of its event loop are. */
const realImmediate = setImmediate;
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => realImmediate(resolve));
};

const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };
const message = { role: 'assistant', content: 'hello' };
const ANSWERS: Readonly<Record<string, object>> = {
  '/v1/chat/completions': {
    ...{ id: 'x', object: 'chat.completion', created: 1, model: 'm', usage },
    choices: [{ index: 0, message, finish_reason: 'stop' }],
  },
  '/v1/embeddings': {
    ...{ object: 'list', model: 'm', usage: { prompt_tokens: 3, total_tokens: 3 } },
    data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
  },
};

type Sdk = (fetch: typeof globalThis.fetch) => PromiseLike<unknown>;
const openai = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ baseURL: BASE_URL, apiKey: 'tg_test', fetch });
const vercel = (fetch: typeof globalThis.fetch) =>
  createOpenAICompatible({ name: 'tollgate', baseURL: BASE_URL, apiKey: 'tg_test', fetch });

/** With the retries that each of them makes by default. */
const SDKS: readonly [string, Sdk][] = [
  [
    'openai, chat',
    (fetch) =>
      openai(fetch).chat.completions.create({
        ...{ model: 'm', max_completion_tokens: 5 },
        messages: [{ role: 'user', content: 'hi' }],
      }),
  ],
  [
    'openai, embeddings',
    (fetch) =>
      openai(fetch).embeddings.create({ model: 'm', input: 'hi', encoding_format: 'float' }),
  ],
  [
    'ai, generateText',
    (fetch) => generateText({ model: vercel(fetch)('m'), prompt: 'hi', maxOutputTokens: 5 }),
  ],
  ['ai, embed', (fetch) => embed({ model: vercel(fetch).embeddingModel('m'), value: 'hi' })],
];

/** A call that an SDK did not make. */
const BEFORE = JSON.stringify({ model: 'm', input: 'x' });

function endpointAt(path: string): Endpoint {
  const endpoint = openAi.endpoints.find((one) => one.path === path);
  if (endpoint === undefined) throw new Error(`nothing is served at ${path}`);
  return endpoint;
}

/** A gateway that an SDK can ask, and when each request came. */
async function openGateway(options: StageOptions) {
  const stage = await CallStage.open(books(), { budgets: [], ...options });
  const askedAtMs: number[] = [];
  const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    askedAtMs.push(Date.now());
    const { pathname } = new URL(String(url));
    const sent = stage.posts.length;
    const client = stage.call(String(init?.body), endpointAt(pathname));
    while (client.refusal.body === undefined && stage.posts.length === sent) await turns(1);
    if (client.refusal.body !== undefined) {
      const { status = 500, headers = {}, body } = client.refusal;
      return new Response(body, { status, headers });
    }
    return await answered(stage, client, ANSWERS[pathname] ?? {});
  };
  return { stage, askedAtMs, fetch: fetch as typeof globalThis.fetch };
}

async function answered(stage: CallStage, client: Client, body: object): Promise<Response> {
  const { answer } = stage.last();
  answer.onHeaders(200, { 'content-type': 'application/json' });
  answer.onData(Buffer.from(JSON.stringify(body)));
  answer.onEnd();
  for (;;) {
    const got = client.got();
    if (got !== null && got.body.length >= Number(got.headers['content-length'] ?? 1)) {
      return new Response(got.body, { status: got.status, headers: got.headers });
    }
    await turns(1);
  }
}

/** What becomes of it, while time jumps from one timer to the next. */
async function outcomeOf(work: PromiseLike<unknown>): Promise<{ error?: unknown }> {
  let outcome: { error?: unknown } | undefined;
  Promise.resolve(work).then(
    () => (outcome = {}),
    (error: unknown) => (outcome = { error }),
  );
  for (;;) {
    await turns(50);
    if (outcome !== undefined) return outcome;
    await vi.advanceTimersToNextTimerAsync();
  }
}

/** Status and body as an application finds them in the error of its SDK. */
function told(error: unknown): [number | undefined, Record<string, unknown>] {
  if (error instanceof APIError) return [error.status, error.error as Record<string, unknown>];
  if (!APICallError.isInstance(error)) throw error;
  return [error.statusCode, JSON.parse(error.responseBody ?? '{}').error];
}

describe.each(SDKS)('%s', (_, ask) => {
  it('asks once where a budget is used up, and is told which, until when, and what to do', async () => {
    const gateway = await openGateway({ budgets: [{ limit: 5n, window: 'day' }] });
    const { error } = await outcomeOf(ask(gateway.fetch));
    expect(gateway.askedAtMs).toEqual([NOW]);
    expect(told(error)).toEqual([
      402,
      expect.objectContaining({
        ...{ code: 'budget_exceeded', type: 'insufficient_quota' },
        ...{ scope: 'key', unit: 'usd', window: 'day', limit: '0.000000000005' },
        ...{ spent: '0.000000000000', resets_at: '2026-06-02T00:00:00.000Z' },
        remedy: { action: 'send_less', text: expect.stringMatching(/^Send less, or ask/) },
      }),
    ]);
  });

  it('asks once for a model that its key may not use, and is told why', async () => {
    const lists = { allowed_models: ['gpt-*'], denied_models: [] };
    const models = new ModelAccess([['customer', lists]]);
    const gateway = await openGateway({ models });
    const { error } = await outcomeOf(ask(gateway.fetch));
    expect(gateway.askedAtMs).toEqual([NOW]);
    expect(told(error)).toEqual([
      403,
      expect.objectContaining({
        ...{ code: 'model_not_allowed', type: 'permission_error', param: 'model' },
        ...{ scope: 'customer', reason: 'not_listed' },
        remedy: expect.objectContaining({ action: 'use_another_model' }),
      }),
    ]);
  });

  it('waits as long as a rate limit says, to the millisecond, and is served then', async () => {
    const gateway = await openGateway({ rateLimits: [rateLimit({ limit: 1 })] });
    expect(await outcomeOf(ask(gateway.fetch))).toEqual({});
    const refusedAtMs = Date.now();
    expect(await outcomeOf(ask(gateway.fetch))).toEqual({});
    const untilMs = Date.UTC(2026, 5, 1, 12, 1) - refusedAtMs;
    const [, first = 0, second = 0] = gateway.askedAtMs;
    expect([first, second - first, gateway.askedAtMs.length]).toEqual([
      ...[refusedAtMs, untilMs + 10, 3],
    ]);
  });

  // Both take a delay of a minute or more for none, and would ask again after a moment.
  it('waits for a whole minute too', async () => {
    vi.setSystemTime(Date.UTC(2026, 5, 1, 12, 1));
    const gateway = await openGateway({ rateLimits: [rateLimit({ limit: 1 })] });
    const taken = gateway.stage.call(BEFORE, endpointAt('/v1/embeddings'));
    await turns(50);
    expect([gateway.stage.posts.length, taken.refusal]).toEqual([1, {}]);
    expect(await outcomeOf(ask(gateway.fetch))).toEqual({});
    const [first = 0, second = 0] = gateway.askedAtMs;
    expect(second - first).toBe(59_999);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.UTC(2026, 5, 1, 12, 2));
  });

  it('is told by a rate limit which it is, what of it is used, and what to do', async () => {
    const rateLimits = [rateLimit({ measure: 'total_tokens', limit: 20 })];
    const gateway = await openGateway({ rateLimits });
    const { error } = await outcomeOf(ask(gateway.fetch));
    const last = (error as { lastError?: unknown }).lastError ?? error;
    expect(told(last)).toEqual([
      429,
      expect.objectContaining({
        ...{ code: 'rate_limit_exceeded', scope: 'key', unit: 'tokens', window: 'minute' },
        ...{ limit: '20', spent: '0', remaining: '20' },
        // No window is enough.
        resets_at: null,
        remedy: expect.objectContaining({ action: 'send_less' }),
      }),
    ]);
  });
});
