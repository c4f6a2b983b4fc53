/** A share of `npm run test:worst-stream` that needs no clock: what the proxy does for each byte. */
import { afterEach, expect, it, vi } from 'vitest';
import { seeded } from '../../mutation/sample.ts';
import { readThrough } from './cost.ts';
import { bytesOf, firstRecipes, mutated, type Recipe } from './recipe.ts';

afterEach(() => vi.restoreAllMocks());

const BYTES = 96 * 1024;
/** A text is parsed alone, with the lines of its event, and once more without numbers that are none. */
const PARSED_MAX = 4;
/** What each call parses besides: its request. */
const PARSED_MORE = 4_096;
/** A hundred texts that are no JSON, each twice, and the answer itself. */
const IN_VAIN_MAX = 210;

function workOf(recipe: Recipe): { parsed: number; inVain: number; bytes: number } {
  const { length: bytes } = bytesOf({ ...recipe, packing: null }, BYTES);
  const work = { parsed: 0, inVain: 0, bytes };
  const { parse } = JSON;
  let hasFailed = false;
  const spy = vi.spyOn(JSON, 'parse').mockImplementation((text: string) => {
    work.parsed += text.length;
    try {
      const value: unknown = parse(text);
      // A text with numbers that are none is read at the second try.
      if (hasFailed) work.inVain--;
      hasFailed = false;
      return value;
    } catch (error) {
      hasFailed = true;
      work.inVain++;
      throw error;
    }
  });
  readThrough(recipe, bytesOf(recipe, BYTES), (_, run) => {
    run();
    return true;
  });
  spy.mockRestore();
  return work;
}

it('no answer of 250 hostile ones is parsed again and again, or without effect again and again', () => {
  const random = seeded(11);
  const first = firstRecipes();
  const recipes = [...first];
  while (recipes.length < 250) {
    const from = recipes[Math.floor(random() * recipes.length)] as Recipe;
    recipes.push(mutated(from, first, random));
  }
  let most = 0;
  for (const recipe of recipes) {
    const { parsed, inVain, bytes } = workOf(recipe);
    const isTooMuch = parsed > PARSED_MAX * bytes + PARSED_MORE || inVain > IN_VAIN_MAX;
    expect(isTooMuch ? { recipe, parsed, inVain, bytes } : 'bounded').toBe('bounded');
    most = Math.max(most, inVain);
  }
  // The grammar reaches the bound of what is parsed without effect.
  expect(most).toBeGreaterThanOrEqual(100);
}, 60_000);
