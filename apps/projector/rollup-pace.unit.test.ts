import { expect, it } from 'vitest';
import { rollupPauseMs } from './rollup-pace.ts';

const limits = { rollupEveryMs: 500, rollupShareMax: 0.1, rollupPauseMsMax: 30_000 };

it.each([
  ['a short pass waits for the interval', 50, 500],
  ['a long pass keeps to its share of the time', 60, 600],
  ['no pass waits for longer than the bound', 3_001, 30_000],
])('%s', (_, tookMs, pauseMs) => {
  expect(rollupPauseMs(tookMs, limits)).toBe(pauseMs);
});
