import { describe, expect, it } from 'vitest';
import { compilePrice } from '../../pricing/compile.ts';
import type { PriceFound } from '../../pricing/price-list.ts';
import { noQuantities } from '../quantities.ts';
import { isResolvable, type UsageEvent } from '../usage-event.ts';
import { type ExternalFacts, externalEvent } from './external-event.ts';
import { refusalEvent } from './refusal-event.ts';

const input = [{ from_input_tokens: 0, pico_usd_per_million: '3000000' }];
const price: PriceFound = {
  ...{ version: 'v1', source: 'config', model: 'm', contextWindow: null, maxOutputTokens: null },
  ...{ price: compilePrice({ input }), validUntilMs: Number.POSITIVE_INFINITY },
};
const facts: ExternalFacts = {
  ...{ id: 'e1', source: '/here', externalType: 'usage', externalSubject: 'cus_1' },
  ...{ externalData: null, customerId: 'cus_1', environment: null, endUser: null, tags: {} },
  ...{ provider: 'p', model: 'm', timeMs: 0, recordedAt: '2026-11-24T01:02:04.005Z', price },
  quantities: { ...noQuantities(), inputTokens: 7 },
};
const money = (more: Partial<ExternalFacts>) => {
  const { usage_source, cost, price_version, price_source } = externalEvent({ ...facts, ...more });
  return [usage_source, cost, price_version, price_source];
};

const wrote = (outputTokens: number) => ({ ...noQuantities(), inputTokens: 7, outputTokens });

describe('the cost of what a collector states', () => {
  it('is that of its quantities at the price of its time', () => {
    expect(money({})).toEqual(['provider', '0.000000000021', 'v1', 'config']);
  });

  it('is zero, not unknown, when it states that nothing was used', () => {
    expect(money({ quantities: noQuantities() })).toEqual([
      'provider',
      '0.000000000000',
      'v1',
      'config',
    ]);
  });

  it.each<[string, Partial<ExternalFacts>, string]>([
    ['without a price', { price: null }, 'provider'],
    ['without quantities', { quantities: null }, 'none'],
    ['with output that has no price', { quantities: wrote(1) }, 'provider'],
    ['with a single image', { quantities: { ...noQuantities(), images: 1 } }, 'provider'],
  ])('I8: is unknown %s, and names no price', (_, more, source) => {
    expect(money(more)).toEqual([source, null, null, 'none']);
  });
});

describe('a refusal', () => {
  const refused = {
    ...{ eventId: 'e', callId: 'c', instanceId: 'ins_1', endpoint: 'embeddings', code: 'x' },
    ...{ atMs: 0, key: { customerId: 'cus_1', teamId: null, keyId: 'key_1', tags: {} } },
  };

  it('of a call that names no end user has none', () => {
    const key = { ...refused.key, environment: 'live' };
    const request = { model: 'm', stream: false, endUser: null };
    const { end_user, model_requested, stream } = refusalEvent({ ...refused, key, request });
    expect([end_user, model_requested, stream]).toEqual([null, 'm', false]);
  });
});

it('only an attempt is resolvable, and only while its usage or its cost is not known', () => {
  const event = (type: string, cost: string | null, usage_source: string) =>
    isResolvable({ ...externalEvent(facts), type, cost, usage_source } as UsageEvent);
  const known = '0.000000000001';
  expect([
    event('attempt', null, 'none'),
    event('attempt', null, 'provider'),
    event('attempt', known, 'estimated'),
    event('attempt', known, 'provider'),
    event('external', null, 'none'),
  ]).toEqual([true, true, true, false, false]);
});
