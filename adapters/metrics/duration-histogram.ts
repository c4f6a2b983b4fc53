/** Durations by their length. An observation is a few comparisons and two additions. */
import type { Sample } from './families.ts';

/**
 * Upper bounds, seconds: those that OpenTelemetry's GenAI conventions advise, and on to ten minutes,
 * which is how long a reasoning model may think.
 */
const DURATION_BOUNDS_S: readonly number[] = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84,
  327.68, 600,
];

export class DurationHistogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds = DURATION_BOUNDS_S) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && seconds > (bounds[index] as number)) index++;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += seconds;
  }

  /** @param labels as in the text, without braces */
  samples(labels: string): Sample[] {
    const before = labels === '' ? '' : `${labels},`;
    let below = 0;
    const samples = this.#bounds.map((bound, index): Sample => {
      below += this.#counts[index] as number;
      return ['_bucket', `${before}le="${bound}"`, below];
    });
    const count = below + (this.#counts.at(-1) as number);
    samples.push(['_bucket', `${before}le="+Inf"`, count]);
    samples.push(['_sum', labels, this.#sum], ['_count', labels, count]);
    return samples;
  }
}
