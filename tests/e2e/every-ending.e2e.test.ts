/** Every dialect × whole and streamed × each ending: the provider's bill and the events. */
import { expect, it } from 'vitest';
import { endings, forms, playEveryEnding } from './every-ending.ts';

/** `TOLLGATE_LEAVES=30`: a client leaves at each chunk up to the thirtieth; here at three of them. */
const most = Number(process.env['TOLLGATE_LEAVES'] ?? 0);
const leaves = most === 0 ? [1, 2, 9] : Array.from({ length: most }, (_, index) => index + 1);

it('I1, I8: however a call of any dialect ends, its provider’s bill is what the events say', async () => {
  const { charged, sources, wrong, billed, metered } = await playEveryEnding(leaves);
  expect(wrong).toEqual([]);
  expect(metered).toBe(billed);
  // All but the two refusals are charged, and each way of knowing occurs.
  expect(charged).toBe(forms.length * (endings(leaves).length - 2));
  expect(Object.keys(sources).sort()).toEqual(['estimated', 'none', 'provider']);
}, 180_000);
