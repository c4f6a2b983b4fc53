/** A share of `npm run test:fuzz`: every endpoint of every dialect, its requests and its answers. */
import { describe, expect, it } from 'vitest';
import { fuzzRequests } from './requests.ts';
import { seeds } from './seeds/seeds.ts';
import { fuzzStreams } from './streams.ts';

const CASES = 4_000;

/** What came of each seed, without how often. */
const reached = (outcomes: Record<string, number>) => new Set(Object.keys(outcomes));

describe('every dialect', () => {
  it('I11: of 4,000 requests each is refused by a name, or sent as the client wrote it', () => {
    const { wrong, outcomes } = fuzzRequests(CASES, 3);
    expect(wrong).toEqual([]);
    const all = reached(outcomes);
    for (const { name } of seeds) {
      // Some of each are read whole, and some of each are refused.
      expect(all).toContain(`${name}: read`);
      expect(all).toContain(`${name}: invalid_request`);
    }
  }, 120_000);

  it(`I8, I11: of 4,000 answers each passes as it was sent, and states what was said, however it is cut`, () => {
    const { wrong, outcomes } = fuzzStreams(CASES, 5);
    expect(wrong).toEqual([]);
    const all = reached(outcomes);
    for (const { name, answer } of seeds) {
      if (answer.told.length > 0) expect(all).toContain(`${name}, harmless: provider`);
      expect(all).toContain(`${name}, odd: none`);
    }
  }, 120_000);
});
