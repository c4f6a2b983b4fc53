import { it } from 'vitest';
import { checkDecider } from './decider.ts';

/** `npm run test:sim -- --sequences 100000` tries many more. */
const SEQUENCES = 2_000;

it('I3: whatever happens to a window, the decider grants what is left of it at most, and the account adds up', () => {
  checkDecider(SEQUENCES);
}, 60_000);
