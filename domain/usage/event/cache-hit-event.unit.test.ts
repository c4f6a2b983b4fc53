import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import { describe, expect, it } from 'vitest';
import { noQuantities } from '../quantities.ts';
import { isResolvable } from '../usage-event.ts';
import { type CacheHitFacts, cacheHitEvent } from './cache-hit-event.ts';
import { eventText } from './event-text.ts';

const ID = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
const facts: CacheHitFacts = {
  ...{ eventId: ID, callId: ID, instanceId: 'ins_1', endpoint: 'chat.completions' },
  key: { customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: { a: 'b' } },
  request: { model: 'fast', stream: true, endUser: 'u \ud83d' },
  deployment: {
    provider: { name: 'p' },
    model: 'm',
    price: { version: 'v1', source: 'config' },
  },
  modelServed: 'm-2026',
  used: { ...noQuantities(), inputTokens: 7, cacheReadTokens: 2, outputTokens: 30, requests: 1 },
  ...{ cost: 5n, saved: 95n, holds: [], overheadUs: 120, atMs: 0 },
  recordedAt: '2026-11-24T01:02:04.005Z',
};

describe('the event of a cache hit', () => {
  it('is a usage event that says what it cost and saved, and that is settled for good', () => {
    const event = usageEvent.parse(JSON.parse(eventText(cacheHitEvent(facts))));
    expect(event).toMatchObject({
      ...{ type: 'cache_hit', cache: 'hit', status: 'ok', attempt: 0, http_status: null },
      ...{ cost: '0.000000000005', saved_cost: '0.000000000095', saved_tokens: 39 },
      ...{ provider: 'p', deployment: 'p/m', model_requested: 'fast', model_served: 'm-2026' },
      ...{ price_version: 'v1', price_source: 'config', end_user: 'u \ufffd' },
    });
    expect(isResolvable(event)).toBe(false);
  });

  // litellm#39057: tokens of the first answer were stated again, and counted twice by every report.
  it('states no usage: no provider was asked', () => {
    const { input_tokens, cache_read_tokens, output_tokens, requests, usage_source } =
      cacheHitEvent(facts);
    expect([input_tokens, cache_read_tokens, output_tokens, requests, usage_source]).toEqual([
      ...[0, 0, 0, 0],
      'none',
    ]);
  });

  it('I8: without a price it costs nothing, and what it saved is not known', () => {
    const deployment = { ...facts.deployment, price: null };
    const { cost, saved_cost, price_version, price_source } = cacheHitEvent({
      ...facts,
      deployment,
      ...{ cost: 0n, saved: null },
    });
    expect([cost, saved_cost, price_version, price_source]).toEqual([
      '0.000000000000',
      null,
      null,
      'none',
    ]);
  });

  it('says which leases it is charged to', () => {
    const holds = [
      {
        account: { stream: 'budget-b@20261101T000000Z' },
        unit: { text: 'usd' },
        parts: [{ lease: { leaseId: 'lse_1' }, amount: 5n }],
      },
    ];
    expect(cacheHitEvent({ ...facts, holds })).toMatchObject({
      ...{ hold_lease_ids: ['lse_1'], hold_amounts: ['0.000000000005'], hold_units: ['usd'] },
      budget_windows: ['budget-b@20261101T000000Z'],
    });
  });
});
