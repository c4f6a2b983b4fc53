/** How fast each spends, from looks at what was spent. Only for the eye: no bill is made of it. Pure. */
import type { UsageRow } from '../usage/usage-query.ts';

export type Spent = { name: string; row: UsageRow };
export type Paced = Spent & {
  /** Null: there was no look before. */
  perMinuteUsd: number | null;
};

/** Over so long a time a pace is told: shorter, every single call would be a peak. */
const OVER_MS = 30_000;
const MINUTE_MS = 60_000;

type Look = { atMs: number; costs: Map<string, number> };

export class Pace {
  #looks: Look[] = [];

  /** @returns the fastest first, then who spent most */
  look(spent: readonly Spent[], atMs: number): Paced[] {
    this.#looks = this.#looks.filter((look) => atMs - look.atMs <= OVER_MS);
    const [first] = this.#looks;
    this.#looks.push({
      atMs,
      costs: new Map(spent.map(({ name, row }) => [name, Number(row.cost)])),
    });
    const paced = spent.map(({ name, row }): Paced => {
      if (first === undefined || atMs <= first.atMs) return { name, row, perMinuteUsd: null };
      const before = first.costs.get(name) ?? 0;
      const perMinuteUsd =
        (Math.max(0, Number(row.cost) - before) / (atMs - first.atMs)) * MINUTE_MS;
      return { name, row, perMinuteUsd };
    });
    return paced.sort(
      (a, b) =>
        (b.perMinuteUsd ?? 0) - (a.perMinuteUsd ?? 0) || Number(b.row.cost) - Number(a.row.cost),
    );
  }
}
