/**
 * In which order candidates that are able are tried (docs/design.md, Route). Pure: chances are drawn by
 * the caller.
 */
import type { Strategy } from './route.ts';

export type Ranked = {
  weight: number;
  /** What this request costs at most there, pico-dollars; null: nobody knows. */
  worstCase: bigint | null;
  /** How long it is likely to take, for comparison alone. */
  load: number;
  /** The same for the same model, wherever it is listed. */
  name: string;
};

export type Draw = {
  /** At least 0, below 1. */
  random: () => number;
  /** Whose calls go the same way; null: each call is drawn. */
  sticky: string | null;
};

/**
 * @param isHard of the request; asked for only by `complexity`
 * @returns all of them, the first to be tried first
 */
export function order<T extends Ranked>(
  strategy: Strategy,
  candidates: readonly T[],
  draw: Draw,
  isHard = false,
): readonly T[] {
  if (candidates.length < 2) return candidates;
  switch (strategy) {
    case 'fixed':
      return candidates;
    case 'weighted':
      return byScore(candidates, ({ weight }) => chance(weight, draw.random()));
    case 'split': {
      const { sticky, random } = draw;
      return byScore(candidates, ({ weight, name }) =>
        chance(weight, sticky === null ? random() : pointOf(`${sticky}\n${name}`)),
      );
    }
    case 'cheapest':
    case 'cascade':
      return candidates.toSorted(byPrice);
    case 'complexity':
      // seam: hard-request-goes-to-the-most-expensive
      return candidates.toSorted(isHard ? byPriceDown : byPrice);
    case 'fastest':
      return fastest(candidates, draw.random);
    default:
      return strategy satisfies never;
  }
}

/** What nobody knows the price of is no bargain: it comes last. Of equal prices, as listed. */
function byPrice({ worstCase: a }: Ranked, { worstCase: b }: Ranked): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

/** What nobody knows the price of is no better for that: it comes last here too. */
function byPriceDown(a: Ranked, b: Ranked): number {
  return a.worstCase === null || b.worstCase === null ? byPrice(a, b) : byPrice(b, a);
}

/**
 * The less loaded of two that are drawn, so that not all proxies rush to the one that was fastest
 * (M. Mitzenmacher, The Power of Two Choices, 2001); then the others, the fastest first.
 */
function fastest<T extends Ranked>(candidates: readonly T[], random: () => number): T[] {
  const first = Math.floor(random() * candidates.length);
  const second = (first + 1 + Math.floor(random() * (candidates.length - 1))) % candidates.length;
  const [one, other] = [candidates[first] as T, candidates[second] as T];
  const chosen = other.load < one.load ? other : one;
  const others = candidates.filter((candidate) => candidate !== chosen);
  return [chosen, ...others.toSorted((a, b) => a.load - b.load)];
}

/**
 * The largest of such scores is of each candidate as often as its weight says, and a changed weight moves
 * no more calls than it must (weighted rendezvous hashing).
 */
function chance(weight: number, point: number): number {
  return weight === 0 ? Number.NEGATIVE_INFINITY : Math.log(point + Number.MIN_VALUE) / weight;
}

function byScore<T>(candidates: readonly T[], score: (candidate: T) => number): T[] {
  return candidates
    .map((candidate) => ({ candidate, score: score(candidate) }))
    .toSorted((a, b) => (a.score === b.score ? 0 : b.score - a.score))
    .map(({ candidate }) => candidate);
}

/** A text's point between 0 and 1: FNV-1a, then the last step of MurmurHash3, which spreads its bits. */
function pointOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
