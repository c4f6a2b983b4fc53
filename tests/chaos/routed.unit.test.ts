import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { describe, expect, it } from 'vitest';
import { followedCalls } from './routed.ts';

const attempts = (call_id: string, ...numbers: number[]) =>
  numbers.map((attempt) => ({ type: 'attempt', call_id, attempt }) as UsageEvent);

describe('the attempts of routed calls', () => {
  it('are counted where a call had another one', () => {
    expect(followedCalls([...attempts('a', 1), ...attempts('b', 2, 1, 3)])).toBe(1);
  });

  it.each([
    ['a second one without a first', [2]],
    ['two of one number', [1, 1]],
    ['more than its route has', [1, 2, 3, 4]],
  ])('I1: %s fails the run', (_, numbers) => {
    expect(() => followedCalls(attempts('a', ...numbers))).toThrow(/I1: call a/);
  });

  it('a run without fallbacks shows nothing, and fails', () => {
    expect(() => followedCalls(attempts('a', 1))).toThrow(/only 0 of 1 calls/);
  });
});
