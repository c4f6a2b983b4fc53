import { describe, expect, it } from 'vitest';
import { type BudgetDefinition, evolveDefinition } from './definition.ts';

const data = {
  budget_id: 'bud_1',
  scope: { type: 'key', id: 'key_1' },
  unit: 'usd',
  window: 'month',
  limit: '5.000000000001',
  enforcement: 'hard',
  basis: 'billed',
  time_zone: 'Europe/Berlin',
} as const;
const defined = evolveDefinition(undefined, { type: 'BudgetDefined', data }, 0n);
const archived = { type: 'BudgetArchived', data: { budget_id: 'bud_1' } } as const;

describe('the definition of a budget', () => {
  it('is as it was defined, its limit exact (I6)', () => {
    const limit = 5_000_000_000_001n;
    const all = {
      ...{ anchor: null, model: null, counts: 'total', cache_reads: true },
      ...{ on_exceeded: 'refuse', clamp_min_output_tokens: 1 },
      thresholds: [50, 80, 95, 100],
    };
    expect(defined).toEqual({ ...data, ...all, limit, archived: false, revision: 0n });
  });

  it('has the limit of the last change, and the revision that says so', () => {
    const change = { budget_id: 'bud_1', limit: '4.000000000000' };
    const state = evolveDefinition(defined, { type: 'BudgetLimitChanged', data: change }, 1n);
    const expected: BudgetDefinition = { ...defined, limit: 4_000_000_000_000n, revision: 1n };
    expect(state).toEqual(expected);
  });

  it('keeps all that it was when it is archived', () => {
    expect(evolveDefinition(defined, archived, 2n)).toEqual({
      ...defined,
      archived: true,
      revision: 2n,
    });
  });

  it('does not exist before it is defined', () => {
    const evolve = () => evolveDefinition(undefined, archived, 0n);
    expect(evolve).toThrow('BudgetArchived before BudgetDefined');
  });
});

it('the thresholds of a budget are those that were stated last, also none', () => {
  const stated = evolveDefinition(
    undefined,
    { type: 'BudgetDefined', data: { ...data, thresholds: [10] } },
    0n,
  );
  expect(stated.thresholds).toEqual([10]);
  const changed = { budget_id: 'bud_1', thresholds: [] };
  const none = evolveDefinition(stated, { type: 'BudgetThresholdsChanged', data: changed }, 1n);
  expect([none.thresholds, none.limit, none.revision]).toEqual([[], stated.limit, 1n]);
});
