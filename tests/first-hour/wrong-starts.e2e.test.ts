/** Issue 13: a configuration that cannot work fails with one sentence, before anything is made. */
import { it } from 'vitest';
import { assertRefused, WRONG_STARTS } from './wrong-starts.ts';

it.for(WRONG_STARTS.map((wrong) => [wrong.title, wrong] as const))(
  'a start with %s says what to write, and makes nothing',
  ([, wrong]) => assertRefused(wrong),
);
