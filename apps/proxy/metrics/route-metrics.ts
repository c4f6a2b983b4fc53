/**
 * What routes chose, and what they would have chosen: by route, up to a bound of names, then `other`. Nothing
 * is counted of a call that no route leads, nor of a route that asks for none of this.
 */
import { type Family, labelsOf, type Sample } from '@tollgate/adapters/metrics/families.ts';
import { costOf } from '@tollgate/domain/pricing/cost.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { knownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import type { Plan } from '../routing/router.ts';

type Series = {
  labels: string;
  complexity: Map<string, number>;
  shadow: Map<string, number>;
  /** Answers that were judged. */
  cascade: Map<string, number>;
  /** Of attempts whose cost is known, and what the shadow's choice would have cost. */
  pico: bigint;
  shadowPico: bigint;
};

const OTHER = 'other';
const PICO_PER_USD = 1e12;

export class RouteMetrics {
  readonly #max: number;
  readonly #routes = new Map<string, Series>();

  /** @param max routes that have a name */
  constructor(max: number) {
    this.#max = max;
  }

  planned({ route, complexity, shadow, stops }: Plan): void {
    if (complexity === null) return;
    const series = this.#of(route.name);
    add(series.complexity, complexity.isHard ? 'hard' : 'easy');
    if (shadow === null) return;
    const first = stops[0]?.deployment;
    const isSame = first?.provider === shadow.provider && first.model === shadow.model;
    add(series.shadow, isSame ? 'same' : 'other');
  }

  /** What the tokens that were used would have cost there: another model may write more, or less. */
  settled(facts: AttemptFacts, outcome: AttemptOutcome, cost: bigint | null): void {
    const { routed, cascade } = facts;
    if (cascade !== undefined && outcome.status === 'ok') {
      const [, shortfall = 'good'] = /^cascade\.(.*)/.exec(outcome.error_type ?? '') ?? [];
      add(this.#of(routed?.route ?? OTHER).cascade, shortfall);
    }
    const shadow = routed?.shadow;
    if (shadow == null || cost === null || outcome.status !== 'ok') return;
    const used = knownQuantities(outcome);
    const would = used === null || shadow.price === null ? null : costOf(shadow.price.price, used);
    if (would === null) return;
    const series = this.#of(routed?.route ?? OTHER);
    // seam: shadow-is-compared-with-what-was-paid
    series.pico += cost;
    series.shadowPico += would;
  }

  families(): Family[] {
    const all = [...this.#routes.values()];
    if (all.length === 0) return [];
    const counts = (read: (series: Series) => Map<string, number>, name: string) =>
      all.flatMap((series) =>
        [...read(series)].map(([value, count]): Sample => {
          return ['', `${series.labels},${labelsOf({ [name]: value })}`, count];
        }),
      );
    const counter = (name: string, help: string, samples: Sample[]): Family => ({
      ...{ name, type: 'counter', help, samples },
    });
    const usd = (read: (series: Series) => bigint) =>
      all.map((series): Sample => ['', series.labels, Number(read(series)) / PICO_PER_USD]);
    return [
      counter(
        'tollgate_route_complexity_total',
        'Calls whose complexity was worked out, by route.',
        counts(({ complexity }) => complexity, 'complexity'),
      ),
      counter(
        'tollgate_route_shadow_total',
        'Those of routes in shadow mode: whether complexity would have chosen the same.',
        counts(({ shadow }) => shadow, 'choice'),
      ),
      counter(
        'tollgate_route_cascade_answers_total',
        'Answers of cascades that another candidate could follow: good, or what was not good of them.',
        counts(({ cascade }) => cascade, 'verdict'),
      ),
      counter(
        'tollgate_route_shadowed_cost_usd_total',
        'What attempts of routes in shadow mode cost, where both costs are known, in US dollars.',
        usd(({ pico }) => pico),
      ),
      counter(
        'tollgate_route_shadow_cost_usd_total',
        'What the same tokens would have cost where complexity would have sent them, in US dollars.',
        usd(({ shadowPico }) => shadowPico),
      ),
    ];
  }

  #of(route: string): Series {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const name = this.#routes.size < this.#max ? route : OTHER;
    let series = this.#routes.get(name);
    if (series === undefined) {
      const labels = labelsOf({ route: name });
      series = {
        labels,
        complexity: new Map(),
        shadow: new Map(),
        cascade: new Map(),
        pico: 0n,
        shadowPico: 0n,
      };
      this.#routes.set(name, series);
    }
    return series;
  }
}

function add(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}
