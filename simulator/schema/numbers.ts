/** A number that a schema allows, from 1 to 100 where it leaves the choice. */
import type { Draws } from './draws.ts';
import { type Schema, Unsatisfiable } from './json-schema.ts';

/** From where to where, where it is free. */
const LEAST = 1;
const SPAN = 99;

/** @returns it as JSON text */
export function numberText(schema: Schema, isWhole: boolean, draws: Draws): string {
  const bounds = boundsOf(schema);
  const step = Number(schema['multipleOf'] ?? 0);
  const ends = Number.isFinite(bounds.least) ? bounds.least : bounds.most - SPAN;
  const least = bounds.least <= LEAST && bounds.most > LEAST ? LEAST : ends;
  const most = Math.min(bounds.most, least + SPAN);
  const fits = (value: number) =>
    value >= bounds.least &&
    value <= bounds.most &&
    value !== bounds.above &&
    value !== bounds.below &&
    (!isWhole || Number.isInteger(value));
  // A grid of the wanted step, or a whole one, then finer ones where nothing of it fits.
  const grids = step > 0 ? [step] : isWhole ? [1] : [0.01, 0.000001, (most - least) / 4];
  for (const grid of grids) {
    const [from, to] = [Math.ceil(least / grid), Math.floor(most / grid)];
    const farthest = Math.floor(bounds.most / grid);
    const found = onGrid(grid, from, Math.max(from, to), draws, fits);
    // Steps above 100 have their first multiple beyond what is usual.
    const value = found ?? onGrid(grid, from, Math.min(from + 1_000, farthest), draws, fits);
    if (value !== undefined) return JSON.stringify(value);
  }
  throw new Unsatisfiable('no number fits its bounds');
}

/** One of the multiples from `from` to `to`: a drawn one, or else the first that fits. */
function onGrid(
  grid: number,
  from: number,
  to: number,
  draws: Draws,
  fits: (value: number) => boolean,
): number | undefined {
  if (!(grid > 0) || !Number.isFinite(from)) return undefined;
  const places = Math.min(20, (/\.(\d+)/.exec(String(grid))?.[1] ?? '').length);
  const multiple = (index: number) =>
    grid < 1e-6 ? index * grid : Number((index * grid).toFixed(places));
  const drawn = multiple(from + draws.below(Math.min(to - from + 1, 10_000)));
  if (fits(drawn)) return drawn;
  for (let index = from; index <= Math.min(to, from + 1_000); index += 1) {
    if (fits(multiple(index))) return multiple(index);
  }
  return undefined;
}

function boundsOf(schema: Schema) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const number = (value: unknown, fallback: number) =>
    typeof value === 'number' ? value : fallback;
  // Draft 4 says `exclusiveMinimum: true` of `minimum`.
  const above = exclusiveMinimum === true ? minimum : exclusiveMinimum;
  const below = exclusiveMaximum === true ? maximum : exclusiveMaximum;
  const none = Number.POSITIVE_INFINITY;
  return {
    least: Math.max(number(minimum, -none), number(above, -none)),
    most: Math.min(number(maximum, none), number(below, none)),
    above,
    below,
  };
}
