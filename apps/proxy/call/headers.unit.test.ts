import { ServerResponse } from 'node:http';
import { ANSWER_HEADERS } from '@tollgate/adapters/http/manners.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { describe, expect, it } from 'vitest';
import type { AttemptFacts } from './attempt-facts.ts';
import { answerHeaders } from './headers.ts';

it.each(['gpt-5-nano-日', 'a\nb', 'half \ud83d', 'ÿ', 'plain-model_1.0'])(
  'any name that a client gives a model can be sent in a header: %j',
  (model) => {
    const deployment = { provider: { name: 'p' }, model, price: null };
    const given = {
      callId: 'c',
      attempt: 1,
      holds: [],
      imposedLimit: null,
      deployment,
      request: {},
    };
    const facts = given as unknown as AttemptFacts;
    const headers = answerHeaders({}, { facts, cost: null, overheadUs: null, attempts: null });
    const response = new ServerResponse({ method: 'GET' } as never);
    response.writeHead(200, headers);
    const sent = String(response.getHeader('x-tollgate-model') ?? headers['x-tollgate-model']);
    expect(decodeURIComponent(sent)).toBe(model.toWellFormed());
  },
);

describe('the headers of an answer', () => {
  /** What is left of each budget of the call, in its order. */
  const left = (...amounts: bigint[]) => amounts.map((amount) => holdOf('usd', amount));
  const holdOf = (kind: string, amount: bigint, scope = 'key') => ({
    unit: { kind },
    account: {
      left: { stated: () => ({ left: amount, text: formatDecimal12(amount) }) },
      definition: { scope: { type: scope } },
    },
  });
  const withHolds = (holds: unknown[], attempt = 1) =>
    ({
      ...{ callId: 'call-1', attempt, holds, imposedLimit: null, request: {} },
      deployment: { provider: { name: 'p' }, model: 'm', price: null },
    }) as unknown as AttemptFacts;
  const ours = {
    ...ANSWER_HEADERS,
    'x-tollgate-call-id': 'call-1',
    'x-tollgate-provider': 'p',
    'x-tollgate-model': 'm',
    'x-tollgate-attempts': '1',
    'x-tollgate-cache': 'miss',
  };
  const unknown = { cost: null, overheadUs: null, attempts: null };

  it('say what is left of the tightest budget in each unit', () => {
    const holds = [
      ...[holdOf('usd', 7n), holdOf('tokens', 5n), holdOf('tokens', 9n), holdOf('usd', 8n)],
      holdOf('requests', 6n),
    ];
    expect(answerHeaders({}, { facts: withHolds(holds), ...unknown })).toMatchObject({
      'x-tollgate-budget-remaining': '0.000000000007',
      'x-tollgate-budget-remaining-tokens': '0.000000000005',
      'x-tollgate-budget-remaining-requests': '0.000000000006',
    });
  });

  it('I10: what is left of a budget of all customers is not said', () => {
    const holds = [holdOf('usd', 7n, 'customer'), holdOf('usd', 5n, 'installation')];
    const both = answerHeaders({}, { facts: withHolds(holds), ...unknown });
    expect(both['x-tollgate-budget-remaining']).toBe('0.000000000007');
    const facts = withHolds([holdOf('tokens', 5n, 'installation')]);
    expect(answerHeaders({}, { facts, ...unknown })).toEqual(ours);
  });

  it('say what is known of the call when they leave', () => {
    const facts = withHolds(left(5_000_000_000_000n, 2n, 3n), 2);
    expect(answerHeaders({}, { ...unknown, facts, cost: '0.000000000042', overheadUs: 0 })).toEqual(
      {
        ...ours,
        'x-tollgate-attempts': '2',
        'x-tollgate-cost': '0.000000000042',
        'x-tollgate-overhead-us': '0',
        'x-tollgate-budget-remaining': '0.000000000002',
      },
    );
    expect(answerHeaders({}, { facts: withHolds([]), ...unknown })).toEqual(ours);
    const [none] = [answerHeaders({}, { facts: withHolds(left(-1n, 0n)), ...unknown })];
    expect(none['x-tollgate-budget-remaining']).toBe('-0.000000000001');
  });

  it('say which output limit the call got that it did not ask for', () => {
    const imposedLimit = { tokens: 4_096, field: 'max_tokens' };
    const facts = { ...withHolds([]), imposedLimit } as AttemptFacts;
    expect(answerHeaders({}, { facts, ...unknown })).toEqual({
      ...ours,
      'x-tollgate-output-limit': '4096',
    });
  });

  it('name a model as it is, if a header can hold it', () => {
    const deployment = { provider: { name: 'p' }, model: 'org/m x', price: null };
    const facts = { ...withHolds([]), deployment } as unknown as AttemptFacts;
    expect(answerHeaders({}, { facts, ...unknown })['x-tollgate-model']).toBe('org/m x');
  });

  it('are those of the provider that SDKs read, and not one more', () => {
    const dropped = [
      ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer'],
      ...['transfer-encoding', 'upgrade', 'content-length', 'date', 'set-cookie'],
      ...['openai-organization', 'anthropic-organization-id', 'openai-project'],
      ...['location', 'refresh', 'link', 'alt-svc', 'clear-site-data', 'strict-transport-security'],
      ...['content-security-policy', 'access-control-allow-origin', 'www-authenticate', 'server'],
      ...['x-tollgate-cost', 'x-tollgate-model-fallback', 'x-litellm-response-cost', 'via'],
      ...['content-disposition', 'nel', 'report-to', 'service-worker-allowed', 'x-ratelimits'],
    ];
    const passed = {
      ...{ 'content-type': 'application/json', 'content-encoding': 'br', 'cache-control': 'no' },
      ...{ 'content-language': 'de', 'apim-request-id': 'a', 'x-ms-request-id': 'm' },
      ...{ 'retry-after': '1', 'retry-after-ms': '900', 'x-should-retry': 'false' },
      ...{ 'x-request-id': ['a', 'b'], 'request-id': 'r', 'openai-processing-ms': '5' },
      ...{ 'x-ratelimit-remaining-tokens': '7', 'anthropic-ratelimit-requests-limit': '9' },
    };
    const upstream = {
      ...Object.fromEntries(dropped.map((name) => [name, 'x-named'])),
      ...passed,
      connection: 'close, X-RateLimit-Named ,openai-other',
      'x-ratelimit-named': '1',
      'openai-other': '2',
      'openai-version': undefined,
    };
    expect(answerHeaders(upstream, { facts: withHolds([]), ...unknown })).toEqual({
      ...ours,
      ...passed,
    });
    const kept = { connection: 'keep-alive', 'keep-alive': 'timeout=5', 'openai-other': '1' };
    expect(answerHeaders(kept, { facts: withHolds([]), ...unknown })).toEqual({
      ...ours,
      'openai-other': '1',
    });
  });
});
