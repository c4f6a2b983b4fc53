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
      thresholds: [50, 80, 95, 100],
      ...{ on_exceeded: 'refuse', clamp_min_output_tokens: 1, per: null },
    };
    const changed = { topUps: [], raises: [], archived: false, revision: 0n };
    expect(defined).toEqual({ ...data, ...all, limit, ...changed });
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

  it('is what it was when it is restored', () => {
    const restored = { type: 'BudgetRestored', data: { budget_id: 'bud_1' } } as const;
    const back = evolveDefinition(evolveDefinition(defined, archived, 2n), restored, 3n);
    expect(back).toEqual({ ...defined, revision: 3n });
  });

  it('knows all its top-ups and raises, those that ended too', () => {
    const until = '2026-12-01T00:00:00.000Z';
    const amount = '1.000000000000';
    const ids = { budget_id: 'bud_1', amount };
    const events = [
      { type: 'BudgetToppedUp', data: { ...ids, top_up_id: 'top_1', expires_at: null } },
      { type: 'BudgetToppedUp', data: { ...ids, top_up_id: 'top_2', expires_at: until } },
      { type: 'BudgetRaised', data: { ...ids, raise_id: 'rse_1', until } },
      { type: 'BudgetRaised', data: { ...ids, raise_id: 'rse_2', until } },
      { type: 'BudgetRaiseEnded', data: { budget_id: 'bud_1', raise_id: 'rse_1' } },
    ] as const;
    const state = events.reduce<BudgetDefinition>(
      (before, event, index) => evolveDefinition(before, event, BigInt(index + 1)),
      defined,
    );
    const endMs = Date.parse(until);
    const one = 1_000_000_000_000n;
    expect(state.topUps).toEqual([
      { id: 'top_1', amount: one, expiresAtMs: Number.POSITIVE_INFINITY, revision: 1n },
      { id: 'top_2', amount: one, expiresAtMs: endMs, revision: 2n },
    ]);
    expect(state.raises).toEqual([
      { id: 'rse_1', amount: one, untilMs: endMs, ended: true },
      { id: 'rse_2', amount: one, untilMs: endMs, ended: false },
    ]);
    expect(state.revision).toBe(5n);
  });

  it('does not exist before it is defined', () => {
    const evolve = () => evolveDefinition(undefined, archived, 0n);
    expect(evolve).toThrow('BudgetArchived before BudgetDefined');
  });
});

it('what becomes of a call beyond the limit is what was stated last', () => {
  const defined = evolveDefinition(undefined, { type: 'BudgetDefined', data }, 0n);
  const change = (state: BudgetDefinition, said: object) =>
    evolveDefinition(
      state,
      { type: 'BudgetOnExceededChanged', data: { budget_id: 'bud_1', ...said } },
      state.revision + 1n,
    );
  const clamps = change(defined, { on_exceeded: 'clamp', clamp_min_output_tokens: 16 });
  const less = change(clamps, { clamp_min_output_tokens: 8 });
  const same = change(less, { on_exceeded: 'clamp' });
  const refuses = change(same, { on_exceeded: 'refuse' });
  const again = change(refuses, { on_exceeded: 'clamp' });
  const said = [defined, clamps, less, same, refuses, again].map((state) => [
    ...[state.on_exceeded, state.clamp_min_output_tokens, state.revision],
  ]);
  expect(said).toEqual([
    ...[
      ['refuse', 1, 0n],
      ['clamp', 16, 1n],
      ['clamp', 8, 2n],
      ['clamp', 8, 3n],
    ],
    ...[
      ['refuse', 1, 4n],
      ['clamp', 1, 5n],
    ],
  ]);
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
