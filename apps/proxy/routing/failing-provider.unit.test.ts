/**
 * A provider that fails a share of its calls and recovers, behind a route: who is served, how soon it is left
 * alone and comes back, and what that costs in attempts (docs/routing.md). Time and chance are simulated.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import {
  FAILING_CASES,
  type FailingRow,
  failingTable,
  STEP_MS,
  simulateFailing,
} from '../testing/failing-provider.ts';

const rows = new Map(FAILING_CASES.map((one) => [one.title, simulateFailing(one)]));
const row = (title: string) => rows.get(title) as FailingRow;
const [none, tenth, half, all] = ['0', '10', '50', '100'].map((rate) =>
  row(`errors, ${rate} %`),
) as [...[FailingRow, FailingRow, FailingRow, FailingRow]];
const silent = row('silence for 10 s, 100 %');
const limited = row('429, 100 %, `retry-after: 20`');
const { coolDownMsMax } = proxyLimits;

it('nobody is refused while another candidate serves, and each failure costs one attempt', () => {
  for (const { title, calls, served, attempts, failed } of [
    ...[none, tenth, half, all, silent, limited],
  ]) {
    expect([title, served, attempts - failed]).toEqual([title, calls, calls]);
  }
});

it('one that fails all gets no more than a call in a minute once it is left alone', () => {
  for (const { shedMs, atFirst, title } of [all, limited]) {
    // One after 5, 10, 20 and 40 s, and each minute.
    expect([title, atFirst - (shedMs ?? 0) / STEP_MS <= 6]).toEqual([title, true]);
  }
});

it('it is left alone as soon as its answers of before have ended, or as its silence is noticed', () => {
  expect(all.shedMs).toBeLessThanOrEqual(1_000 + proxyLimits.breakerFailures * STEP_MS);
  expect(silent.shedMs).toBeLessThanOrEqual(10_000 + proxyLimits.breakerFailures * STEP_MS);
  expect(limited.shedMs).toBeLessThanOrEqual(100 + STEP_MS);
});

it('it is back within its longest cool-down, and the try that had begun, once it serves again', () => {
  for (const { backMs, title } of [none, tenth, half, all, limited]) {
    expect([title, backMs !== null && backMs <= coolDownMsMax + 100]).toEqual([title, true]);
  }
  expect(silent.backMs).toBeLessThanOrEqual(coolDownMsMax + 10_000);
});

it('one that fails half is left alone for most of the time, one that fails a tenth for hardly any', () => {
  expect(half.atFirst / half.calls).toBeLessThan(0.7);
  expect(tenth.atFirst / tenth.calls).toBeGreaterThan(0.95);
});

it('where all fail, each is asked once for a call, and nobody is left alone longer than they fail', () => {
  const both = row('errors at both, 100 %');
  expect([both.attempts / both.calls, both.backMs]).toEqual([2, 0]);
});

it('the page says so', () => {
  const page = readFileSync(new URL('../../../docs/routing.md', import.meta.url), 'utf8');
  expect(page).toContain(failingTable([...rows.values()]));
});
