/**
 * How deep the flattest value of each part of a schema is. A schema that refers to itself is left by
 * the way that ends soonest, which cannot be seen from where one is.
 */
import { isObject, listOf, type Schema, target, Unsatisfiable } from './json-schema.ts';

const NEVER_ENDS = Number.POSITIVE_INFINITY;

export class Depths {
  readonly #root: Schema;
  readonly #depths = new Map<unknown, number>();

  /** @param roundsMax the deepest value that counts */
  constructor(root: Schema, roundsMax: number) {
    this.#root = root;
    this.#collect(root);
    let changed = true;
    // A round more finds what is a level deeper.
    for (let round = 0; round < roundsMax && changed; round += 1) {
      changed = false;
      for (const [part, known] of this.#depths) {
        const found = this.#workedOut(part as Schema);
        if (found < known) this.#depths.set(part, found);
        changed ||= found < known;
      }
    }
  }

  /** @returns Infinity if no value of it ends */
  of(part: unknown): number {
    if (!isObject(part)) return part === false ? NEVER_ENDS : 0;
    return this.#depths.get(part) ?? this.#workedOut(part);
  }

  #collect(root: Schema): void {
    const left: unknown[] = [root];
    while (left.length > 0) {
      const part = left.pop();
      if (!isObject(part) || this.#depths.has(part)) continue;
      this.#depths.set(part, NEVER_ENDS);
      const { properties, items, additionalProperties, allOf, anyOf, oneOf, prefixItems } = part;
      left.push(...(isObject(properties) ? Object.values(properties) : []));
      left.push(items, additionalProperties, ...this.#referred(part));
      for (const list of [items, allOf, anyOf, oneOf, prefixItems]) {
        if (Array.isArray(list)) left.push(...list);
      }
    }
  }

  #referred(part: Schema): unknown[] {
    const { $ref: reference } = part;
    if (typeof reference !== 'string') return [];
    try {
      return [target(reference, this.#root)];
    } catch (cause) {
      // It is said where a value of it is wanted.
      if (cause instanceof Unsatisfiable) return [false];
      throw cause;
    }
  }

  #workedOut(part: Schema): number {
    const { properties, items, minItems } = part;
    const deepest = [...listOf(part, 'allOf'), ...this.#referred(part)].map((one) => this.of(one));
    for (const keyword of ['anyOf', 'oneOf']) {
      const choices = listOf(part, keyword);
      if (choices.length > 0) deepest.push(Math.min(...choices.map((choice) => this.of(choice))));
    }
    if (isObject(properties)) {
      const required = listOf(part, 'required').filter((name) =>
        Object.hasOwn(properties, `${name}`),
      );
      deepest.push(...required.map((name) => 1 + this.of(properties[`${name}`])));
    }
    if (Number(minItems ?? 0) > 0) {
      const all = Array.isArray(items) ? items : [...listOf(part, 'prefixItems'), items];
      deepest.push(...all.slice(0, Number(minItems)).map((item) => 1 + this.of(item)));
    }
    return Math.max(0, ...deepest);
  }
}
