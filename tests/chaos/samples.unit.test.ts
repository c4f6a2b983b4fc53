import { describe, expect, it } from 'vitest';
import { trendsOf } from './samples.ts';

/** 90 samples of a process that is restarted at the given samples and fills up within six. */
function handlesOf(restarts: readonly number[], leakPerRestart: number) {
  let age = 0;
  let leaked = 0;
  return Array.from({ length: 90 }, (_, at) => {
    age = restarts.includes(at) ? 0 : age + 1;
    if (restarts.includes(at)) leaked += leakPerRestart;
    return { 'core handles': 200 + 60 * Math.min(age, 6) + leaked };
  });
}

describe('whether something grew in a soak', () => {
  it('a young process at one end of the run is no growth', () => {
    expect(trendsOf(handlesOf([0, 8, 16, 24], 0))[0]?.flat).toBe(true);
    expect(trendsOf(handlesOf([70, 78, 86], 0))[0]?.flat).toBe(true);
  });

  it('what each restart leaves open is found', () => {
    const restarts = Array.from({ length: 45 }, (_, i) => 2 * i);
    const samples = handlesOf([], 0).map((_, at) => ({
      'supervisor handles': 35 + restarts.filter((restart) => restart <= at).length,
    }));
    expect(trendsOf(samples)[0]?.flat).toBe(false);
  });
});
