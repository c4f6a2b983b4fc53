/** A share of `npm run test:fuzz -- --only smuggling`: what a provider on a raw socket sees of odd frames. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namedCases, smuggleMutated, smuggleNamed } from './smuggling.ts';
import { openSmugglingStage, type SmugglingStage } from './stage.ts';

let stage: SmugglingStage;
beforeAll(async () => {
  stage = await openSmugglingStage();
});
afterAll(() => stage.close());

it('of every odd frame by its name a provider sees one request, or none', async () => {
  expect(namedCases(stage)).toBeGreaterThanOrEqual(150);
  expect((await smuggleNamed(stage)).wrong).toEqual([]);
});

it('of 320 calls with something else in their bytes it sees one request, or none', async () => {
  const { wrong, outcomes } = await smuggleMutated(stage, 320, 3);
  expect(wrong).toEqual([]);
  // Some are refused, and some are nothing but odd.
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['400 malformed_request', '200']));
});
