import { describe, expect, it } from 'vitest';
import type { ClosingPeriod, FrozenPeriod } from './billing.ts';
import {
  addQuantities,
  type SnapshotVersion,
  SUMMED_QUANTITIES,
  snapshotBody,
  type UnresolvedKind,
  type UsageSum,
} from './snapshot.ts';

const nothing = addQuantities([]);
const facts = {
  id: 'per_2',
  number: 2,
  startMs: Date.UTC(2026, 1, 1),
  endMs: Date.UTC(2026, 2, 1),
  timeZone: 'Europe/Vienna',
  anchorDay: 1,
  cutId: 'cut_2',
  logs: [{ log: 0, ends: ['7', '0'] }],
  currency: 'USD',
  markupPpm: 200_000,
  exchangeRate: null,
};
const period: ClosingPeriod = { ...facts, status: 'closing' };
const previous: FrozenPeriod = {
  ...{ ...facts, id: 'per_1', number: 1, status: 'frozen' },
  snapshot: { id: 'snp_1', hash: 'ab', body: '{}' },
};

function sum(change: Partial<UsageSum>): UsageSum {
  return {
    periodNumber: 2,
    provider: 'openai',
    model: 'gpt-4o',
    keyId: 'key_1',
    teamId: 'team_1',
    environment: 'live',
    usageSource: 'provider',
    unresolved: null,
    priceVersions: ['v2', 'v1'],
    events: 3,
    quantities: { ...nothing, input_tokens: 10 },
    costPicoUsd: 1_500_000_000_000n,
    ...change,
  };
}

function bodyOf(
  sums: readonly UsageSum[],
  before: FrozenPeriod | undefined = previous,
  closing = period,
  version: SnapshotVersion = 2,
) {
  const content = {
    snapshotId: 'snp_2',
    customerId: 'cus_1',
    period: closing,
    previous: before,
    sums,
    markupPpmOf: (number: number) => number * 50_000,
    exchangeRateOf: () => null,
    unresolved: { count: 1, event_ids: ['evt_1'] },
    leaves: { count: 5, merkleRoot: 'cd' },
    history: null,
  };
  return snapshotBody(content, version);
}

it('a body says everything that an invoice may claim, and nothing else (ADR 0001)', () => {
  const late = sum({ periodNumber: 1, events: 2, costPicoUsd: -500_000_000_000n });
  const line = {
    kind: 'usage',
    period_number: 2,
    provider: 'openai',
    model: 'gpt-4o',
    key_id: 'key_1',
    team_id: 'team_1',
    environment: 'live',
    usage_source: 'provider',
    price_versions: ['v1', 'v2'],
    events: 3,
    ...{ ...nothing, input_tokens: 10 },
    cost: '1.500000000000',
    markup_ppm: 200_000,
  };
  const lateLine = { kind: 'late_usage', period_number: 1, events: 2, cost: '-0.500000000000' };
  const body = {
    object: 'snapshot',
    id: 'snp_2',
    customer_id: 'cus_1',
    period_id: 'per_2',
    number: 2,
    start: '2026-02-01T00:00:00.000Z',
    end: '2026-03-01T00:00:00.000Z',
    time_zone: 'Europe/Vienna',
    currency: 'USD',
    cut: { id: 'cut_2', logs: [{ log: 0, ends: ['7', '0'] }] },
    previous: { snapshot_id: 'snp_1', hash: 'ab' },
    lines: [{ ...line, ...lateLine, markup_ppm: 50_000 }, line],
    totals: { ...nothing, input_tokens: 20, events: 5, cost: '1.000000000000' },
    markup_ppm: 200_000,
    exchange_rate: null,
    leaves: { count: 5, merkle_root: 'cd' },
  };
  const unresolved = { count: 1, event_ids: ['evt_1'] };
  const sums = [sum({}), late];
  expect(bodyOf(sums, previous, period, 1)).toEqual({ ...body, version: 1, unresolved });
  const now = { version: 2, unresolved: { ...unresolved, lines: [] } };
  expect(bodyOf(sums)).toEqual({ ...body, ...now });
});

it('I8: what is unresolved has lines of its own without an amount, sorted, and is in the totals', () => {
  const collected = (external_type: string): UnresolvedKind => ({
    type: 'external',
    external_type,
  });
  const tried: UnresolvedKind = { type: 'attempt', external_type: null };
  const open = { costPicoUsd: 0n, priceVersions: [], keyId: null, teamId: null };
  const sums = [
    sum({ ...open, unresolved: collected('b'), events: 1 }),
    sum({ ...open, unresolved: collected('a'), events: 2, usageSource: 'none' }),
    sum({ ...open, unresolved: collected('a'), events: 4 }),
    sum({ ...open, unresolved: tried, events: 8 }),
    sum({ ...open, unresolved: tried, events: 16, periodNumber: 1 }),
    sum({ events: 32 }),
  ];
  const body = bodyOf(sums);
  expect(bodyOf(sums.toReversed())).toEqual(body);
  if (body.version !== 2) throw new Error('not of version 2');
  const { lines } = body.unresolved;
  expect(lines.map((line) => [line.events, line.type, line.external_type])).toEqual([
    [16, 'attempt', null],
    [2, 'external', 'a'],
    [8, 'attempt', null],
    [4, 'external', 'a'],
    [1, 'external', 'b'],
  ]);
  const unknown = Object.fromEntries(SUMMED_QUANTITIES.map((name) => [name, null]));
  expect(lines.slice(0, 2)).toEqual([
    {
      ...{ kind: 'late_usage', period_number: 1, provider: 'openai', model: 'gpt-4o' },
      ...{ key_id: null, team_id: null, environment: 'live', usage_source: 'provider' },
      ...{ type: 'attempt', external_type: null, events: 16, ...nothing, input_tokens: 10 },
    },
    {
      ...{ kind: 'usage', period_number: 2, provider: 'openai', model: 'gpt-4o' },
      ...{ key_id: null, team_id: null, environment: 'live', usage_source: 'none' },
      ...{ type: 'external', external_type: 'a', events: 2, ...unknown },
    },
  ]);
  expect(body.lines.map(({ events }) => events)).toEqual([32]);
  expect(body.totals).toMatchObject({ events: 63, input_tokens: 60, cost: '1.500000000000' });
});

it('the first body of a customer has no previous one', () => {
  const body = snapshotBody({
    ...{ snapshotId: 'snp_1', customerId: 'cus_1', period, previous: undefined, sums: [] },
    markupPpmOf: () => 0,
    exchangeRateOf: () => null,
    unresolved: { count: 0, event_ids: [] },
    leaves: { count: 0, merkleRoot: '' },
    history: null,
  });
  expect([body.previous, body.totals]).toEqual([
    null,
    { ...nothing, events: 0, cost: '0.000000000000' },
  ]);
});

it('version 1 has these quantities, in this order, whatever is added later (I5)', () => {
  expect(SUMMED_QUANTITIES).toEqual([
    'input_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'output_tokens',
    'reasoning_tokens',
    'audio_input_tokens',
    'audio_output_tokens',
    'images',
    'requests',
  ]);
});

describe('lines are sorted, so that every closer writes the same bytes (I5)', () => {
  it.each([
    ['kind, late usage first', { periodNumber: 1 }, { periodNumber: 2 }],
    ['provider', { provider: 'a' }, { provider: 'b' }],
    ['model', { model: 'a' }, { model: 'b' }],
    ['key', { keyId: 'a' }, { keyId: 'b' }],
    ['team', { teamId: 'a' }, { teamId: 'b' }],
    ['environment', { environment: 'a' }, { environment: 'b' }],
    ['source', { usageSource: 'estimated' }, { usageSource: 'none' }],
    ['provider before model', { provider: 'a', model: 'b' }, { provider: 'b', model: 'a' }],
    ['model before key', { model: 'a', keyId: 'b' }, { model: 'b', keyId: 'a' }],
    ['key before team', { keyId: 'a', teamId: 'b' }, { keyId: 'b', teamId: 'a' }],
    ['a missing name before every name', { provider: null }, { provider: '' }],
    ['UTF-16 code units, not letters', { model: 'Z' }, { model: 'a' }],
  ] as [string, Partial<UsageSum>, Partial<UsageSum>][])('by %s', (_, first, second) => {
    const sums = [sum({ ...first, events: 1 }), sum({ ...second, events: 2 })];
    for (const order of [sums, sums.toReversed()]) {
      expect(bodyOf(order).lines.map(({ events }) => events)).toEqual([1, 2]);
    }
  });

  it('by kind before the period, whose number is compared as text', () => {
    const tenth = { ...period, number: 10 };
    const sums = [sum({ periodNumber: 10, events: 2 }), sum({ periodNumber: 9, events: 1 })];
    for (const order of [sums, sums.toReversed()]) {
      expect(bodyOf(order, previous, tenth).lines.map(({ events }) => events)).toEqual([1, 2]);
    }
  });

  it('by several at once, however many there are', () => {
    const names = ['a', 'b', null, 'c'];
    const sums = names.flatMap((provider) => names.map((keyId) => sum({ provider, keyId })));
    const sorted = [null, 'a', 'b', 'c'];
    expect(bodyOf(sums).lines.map((line) => [line.provider, line.key_id])).toEqual(
      sorted.flatMap((provider) => sorted.map((keyId) => [provider, keyId])),
    );
  });
});

it('sums that no JSON integer can hold are refused, not rounded', () => {
  const most = { ...nothing, input_tokens: Number.MAX_SAFE_INTEGER };
  expect(addQuantities([most, nothing])).toEqual(most);
  const more = { ...nothing, input_tokens: 1 };
  expect(() => addQuantities([most, more])).toThrow(new RangeError('input_tokens exceeds 2^53'));
});
