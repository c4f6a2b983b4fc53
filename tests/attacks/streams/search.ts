/** Looks for the answer that costs a proxy the most: changes the worst ones found so far, and keeps what is worse. */
import { seeded } from '../../mutation/sample.ts';
import { type Cost, costOf } from './cost.ts';
import { firstRecipes, mutated, type Recipe } from './recipe.ts';

export type Found = { recipe: Recipe; cost: Cost };

/** What makes one worse than another. */
type Aim = { name: string; of: (cost: Cost) => number };

const AIMS: readonly Aim[] = [
  { name: 'longest step', of: (cost) => cost.worstMs },
  { name: 'time for each byte', of: (cost) => cost.msPerMib },
];
/** How many of the worst are changed further, of each aim. */
const KEPT = 6;

export type Worst = {
  /** The worst ones of each aim, the very worst first. */
  byAim: Record<string, Found[]>;
  tried: number;
};

/**
 * @param until is asked before each try whether to go on
 * @param onWorse is told of each new worst one
 */
export function searchWorst(
  seed: number,
  until: (tried: number) => boolean,
  onWorse: (aim: string, found: Found) => void = () => undefined,
): Worst {
  const random = seeded(seed);
  const byAim: Worst['byAim'] = Object.fromEntries(AIMS.map(({ name }) => [name, []]));
  let tried = 0;
  const attempt = (recipe: Recipe) => {
    tried++;
    const cost = costOf(recipe);
    for (const aim of AIMS) {
      const kept = byAim[aim.name] as Found[];
      const bound = kept[KEPT - 1];
      if (bound !== undefined && aim.of(cost) <= aim.of(bound.cost)) continue;
      // Once more: what took long for other reasons does not do so twice.
      const again = costOf(recipe);
      const sure = aim.of(again) < aim.of(cost) ? again : cost;
      if (bound !== undefined && aim.of(sure) <= aim.of(bound.cost)) continue;
      const best = kept[0];
      kept.push({ recipe, cost: sure });
      kept.sort((a, b) => aim.of(b.cost) - aim.of(a.cost)).splice(KEPT);
      if (best === undefined || aim.of(sure) > aim.of(best.cost))
        onWorse(aim.name, { recipe, cost: sure });
    }
  };
  const first = firstRecipes();
  for (const recipe of first) if (until(tried)) attempt(recipe);
  while (until(tried)) {
    const pool = Object.values(byAim).flat();
    // Now and then from the beginning, so that no one find is all there is.
    const isFresh = random() < 0.2;
    const from = isFresh ? first : pool.map(({ recipe }) => recipe);
    const base = from[Math.floor(random() * from.length)] as Recipe;
    attempt(mutated(base, first, random));
  }
  return { byAim, tried };
}
