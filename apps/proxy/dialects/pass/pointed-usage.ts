/**
 * Usage that an answer states where the configuration says. Each figure has to be there, whole and not less
 * than zero: without one of them nobody knows what was used (I8). In a stream the last one counts, and none
 * is added up.
 */
import { type KnownQuantities, noQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageDoubt } from '@tollgate/domain/usage/usage-reading.ts';
import type { Pointer } from './passing.ts';

export class PointedUsage {
  readonly #pointers: readonly Pointer[];
  readonly #found = new Map<Pointer, number>();
  #isOdd = false;

  constructor(pointers: readonly Pointer[]) {
    this.#pointers = pointers;
  }

  read(json: unknown): void {
    for (const pointer of this.#pointers) {
      const value = valueAt(json, pointer.names);
      if (value === undefined || value === null) continue;
      if (isCount(value)) this.#found.set(pointer, value);
      else this.#isOdd = true;
    }
  }

  get quantities(): KnownQuantities | null {
    // seam: every-pointer-has-to-lead-somewhere
    if (this.#isOdd || this.#found.size < this.#pointers.length) return null;
    const known = noQuantities();
    known.requests = 1;
    for (const [{ field }, count] of this.#found) known[field] = count;
    return known;
  }

  /** Why it is not taken although something is said. */
  get doubt(): UsageDoubt | null {
    if (this.#isOdd) return 'usage_invalid';
    const isPart = this.#found.size > 0 && this.#found.size < this.#pointers.length;
    return isPart ? 'usage_incomplete' : null;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

const INDEX = /^(0|[1-9]\d{0,9})$/;

function valueAt(json: unknown, names: readonly string[]): unknown {
  let value = json;
  for (const name of names) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !INDEX.test(name)) return undefined;
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
