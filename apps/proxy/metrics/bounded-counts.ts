/** Counts by a code that may come from outside: so many codes by name, and all others together. */
import { labelsOf, type Sample } from '@tollgate/adapters/metrics/families.ts';

export class BoundedCounts<Code extends string | number | null> {
  readonly #counts = new Map<Code, number>();
  readonly #max: number;
  #others = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(code: Code): void {
    const count = this.#counts.get(code);
    if (count !== undefined || this.#counts.size < this.#max) {
      this.#counts.set(code, (count ?? 0) + 1);
    } else this.#others++;
  }

  /** @param before labels that come first, without braces; @param name of the label with the code */
  samples(before: string, name: string): Sample[] {
    const labels = (code: string) => {
      const own = labelsOf({ [name]: code });
      return before === '' ? own : `${before},${own}`;
    };
    const samples = [...this.#counts].map(([code, count]): Sample => {
      return ['', labels(code === null ? 'none' : String(code)), count];
    });
    if (this.#others > 0) samples.push(['', labels('other'), this.#others]);
    return samples;
  }
}
