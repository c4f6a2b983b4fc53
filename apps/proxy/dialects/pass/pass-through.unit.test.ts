/** Calls that are passed on by a rule: what is sent, what is held, and what they come to. */
import { passThrough } from '@tollgate/schemas/config/pass-through-config.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { useMemoryBooks } from '../../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../../testing/call-stage.ts';
import { fixedPrice } from '../../testing/fixed-price.ts';
import { passEndpoint } from './pass-through.ts';
import { passingOf } from './passing.ts';

type Rule = NonNullable<z.input<typeof passThrough>>[number];

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const JSON_TYPE = { 'content-type': 'application/json' };
const SSE = { 'content-type': 'text/event-stream' };
const USED = {
  path: '/v2/rerank',
  usage: { input_tokens: '/meta/units/in', searches: '/meta/units/search~1es' },
  at_most: { input_tokens: 1_000, searches: 5 },
};
const meta = (units: object) => JSON.stringify({ meta: { units } });
const pass = () => vi.advanceTimersByTimeAsync(0);

let stage: CallStage;
let client: Client;

async function open(rule: Rule, body = '{"model":"m"}', options: StageOptions = {}) {
  const price = fixedPrice({ input: 2, search: 7_000, request: 11_000 });
  stage = await CallStage.open(books(), {
    ...{ deployments: [{ price }], budgets: [{ limit: 1_000_000n }] },
    ...options,
  });
  const [parsed] = passThrough.parse([rule]);
  const endpoint = passEndpoint(passingOf('p1', parsed as never, 'bearer'));
  client = stage.call(body, endpoint, {
    accept: 'application/json; v=2',
    cookie: 'c',
    'x-own': 'o',
  });
  await pass();
}

async function answers(status: number, type: object, ...parts: string[]): Promise<void> {
  const { answer } = stage.last();
  answer.onHeaders(status, type as Record<string, string>);
  for (const part of parts) answer.onData(Buffer.from(part));
  answer.onEnd();
  await pass();
}

const event = () => {
  const { endpoint, provider, model_requested, usage_source, cost, requests, ...rest } = stage
    .events()
    .at(-1) as never as Record<string, unknown>;
  const { input_tokens, searches = 0, error_type } = rest;
  return {
    endpoint,
    provider,
    model_requested,
    usage_source,
    cost,
    requests,
    input_tokens,
    searches,
    error_type,
  };
};

describe('a call by the request', () => {
  beforeEach(() => open({ path: '/v2/moderate', model: 'filter' }, '{ "odd":  [1,"é"] }'));

  it('goes to its path with its bytes as they came, and nothing of the client’s but what it accepts', async () => {
    const { path, body, headers } = stage.last();
    expect([path, body]).toEqual(['/v2/moderate', '{ "odd":  [1,"é"] }']);
    expect(Object.keys(headers).sort()).toEqual(['accept', 'x-client-request-id']);
    expect(headers['accept']).toBe('application/json; v=2');
    await answers(200, { 'content-type': 'image/png' }, '\u0089PNG', 'rest');
    expect(client.got()?.status).toBe(200);
    expect(client.got()?.body).toHaveLength(9);
  });

  // litellm#10750, litellm#13882, litellm#36646: what was passed through was not held against any budget.
  it('I3: is held and charged at its price, whatever its answer is', async () => {
    expect(stage.held()).toEqual({ held: 11_000n, spent: 0n });
    await answers(200, JSON_TYPE, '{"usage":{"total_tokens":9}}');
    expect(stage.held()).toEqual({ held: 0n, spent: 11_000n });
    expect(event()).toMatchObject({
      ...{ endpoint: 'pass_through/v2/moderate', provider: 'p1', model_requested: 'filter' },
      ...{ usage_source: 'provider', cost: '0.000000011000', requests: 1, input_tokens: 0 },
    });
  });

  it('costs nothing if the provider refuses it unbilled, and what it may bill is not known', async () => {
    await answers(429, JSON_TYPE, '{}');
    expect(event()).toMatchObject({ usage_source: 'none', cost: '0.000000000000', requests: 0 });
    await open({ path: '/v2/moderate', model: 'filter' }, '{}');
    await answers(500, JSON_TYPE, '{}');
    expect(event()).toMatchObject({ usage_source: 'none', cost: null });
    expect(stage.held()).toEqual({ held: 0n, spent: 11_000n });
  });
});

describe('a call by the usage that its answer states', () => {
  it('I3: is held at the bounds of its rule, and charged for what is stated', async () => {
    await open(USED);
    expect(stage.held()).toEqual({ held: 1_000n * 2n + 5n * 7_000n + 11_000n, spent: 0n });
    await answers(200, JSON_TYPE, meta({ in: 300, 'search/es': 2 }));
    expect(event()).toMatchObject({
      ...{ usage_source: 'provider', cost: '0.000000025600', input_tokens: 300, searches: 2 },
    });
    expect(stage.held()).toEqual({ held: 0n, spent: 25_600n });
  });

  // litellm#10238: what a passed answer stated was recorded as nothing, at no cost.
  it('I8: takes no figure for zero because it is not stated', async () => {
    await open(USED);
    await answers(200, JSON_TYPE, meta({ in: 3 }));
    expect(event()).toMatchObject({ usage_source: 'none', cost: null });
    expect(stage.held()).toEqual({ held: 0n, spent: 48_000n });
  });

  it.each([
    ['nothing is stated', '{}', 'input_unread'],
    ['a figure is missing', meta({ in: 3 }), 'usage_incomplete'],
    ['a figure is null', meta({ in: null, 'search/es': 1 }), 'usage_incomplete'],
    ['a figure is text', meta({ in: '3', 'search/es': 1 }), 'usage_invalid'],
    ['a figure is below zero', meta({ in: -3, 'search/es': 1 }), 'usage_invalid'],
    ['a figure is no whole number', meta({ in: 0.5, 'search/es': 1 }), 'usage_invalid'],
    ['the answer is no JSON', 'ok', 'input_unread'],
    ['a name is one of every object', '{"meta":{"units":{"__proto__":1}}}', 'input_unread'],
  ])('I8: is unknown and charged its hold if %s', async (_, body, note) => {
    await open(USED);
    await answers(200, JSON_TYPE, body);
    expect(client.got()?.body).toBe(body);
    expect(event()).toMatchObject({ usage_source: 'none', cost: null, error_type: note });
    expect(stage.held()).toEqual({ held: 0n, spent: 48_000n });
  });

  it('of a stream the last figures count, and none is added up', async () => {
    await open(USED);
    const events = [1, 2, 3].map((n) => `data: ${meta({ in: n * 100, 'search/es': n })}\n\n`);
    await answers(200, SSE, ...events, 'data: [DONE]\n\n');
    expect(client.got()?.body).toBe(`${events.join('')}data: [DONE]\n\n`);
    expect(event()).toMatchObject({ input_tokens: 300, searches: 3, cost: '0.000000032600' });
  });

  it('I8: of a stream that breaks off nothing is known', async () => {
    await open(USED);
    const { answer } = stage.last();
    answer.onHeaders(200, SSE);
    answer.onData(Buffer.from(`data: ${meta({ in: 100, 'search/es': 1 })}\n\n`));
    answer.onFailure({ kind: 'broken', unsent: false, cause: new Error('reset') });
    await pass();
    expect(event()).toMatchObject({ usage_source: 'none', cost: null });
    expect(stage.held()).toEqual({ held: 0n, spent: 48_000n });
  });
});

describe('what is refused unsent', () => {
  it.each([
    ['no JSON', { path: '/x' }, '{', 400],
    ['no model to be priced by', { path: '/x' }, '{"a":1}', 400],
    ['a list, which names no model', { path: '/x' }, '[]', 400],
    ['a model that is named twice', { path: '/x' }, '{"model":"a","model":"m"}', 400],
    ['another model than the rule prices', { path: '/x', model: 'm' }, '{"model":"big"}', 400],
  ])('%s', async (_, rule, body, status) => {
    await open(rule, body);
    expect([client.refusal.status, stage.posts]).toEqual([status, []]);
  });

  it('I3: a call whose hold the budget cannot pay for', async () => {
    await open(USED, '{"model":"m"}', { budgets: [{ limit: 47_999n }] });
    expect([client.refusal.status, stage.posts]).toEqual([402, []]);
  });
});

describe('a rule', () => {
  it.each([
    '/../secret',
    '/a/../b',
    '/a/./b',
    '/a//b',
    '/a%2Fb',
    '/a?b=c',
    '/a#b',
    '/a/',
    '//host/a',
    'a',
    '/a\\b',
    '/:id',
    '/*',
  ])('has no path such as %s', (path) => {
    expect(passThrough.safeParse([{ path }]).success).toBe(false);
  });

  it.each([
    [{ usage: { searches: '/n' } }, 'states no `searches`'],
    [{ usage: { reasoning_tokens: '/n' }, at_most: { input_tokens: 1 } }, 'no `output_tokens`'],
    [{ usage: { input_tokens: 'n' }, at_most: { input_tokens: 1 } }, 'a JSON pointer'],
    [{ usage: { tokens: '/n' } }, 'tokens'],
  ])('has a bound for each figure that it points to: %j', (more, message) => {
    const parsed = passThrough.safeParse([{ path: '/x', ...more }]);
    expect(parsed.error?.message).toContain(message);
  });
});
