/**
 * Whether a value fits a JSON Schema, as far as that is read here: what providers take for structured answers.
 * A keyword that is not read is passed over, so a value is said not to fit only where it surely does not.
 * Schemas come from clients: there is no code made of them, no pattern is run, and the work has a bound.
 */

type Schema = Readonly<Record<string, unknown>>;

/** Values that are looked at for one answer: some milliseconds. */
const STEPS_MAX = 20_000;
const DEPTH_MAX = 64;

/** @returns false: it surely does not fit */
export function fitsSchema(value: unknown, schema: unknown): boolean {
  return new Fit(schema).fits(value, schema, 0);
}

class Fit {
  readonly #root: unknown;
  #steps = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  fits(value: unknown, schema: unknown, depth: number): boolean {
    if (++this.#steps > STEPS_MAX || depth > DEPTH_MAX) return true;
    if (schema === false) return false;
    if (!isFields(schema)) return true;
    // Of OpenAPI 3.0, which many schemas are written in, and some providers take.
    // seam: nullable-takes-null
    if (value === null && schema['nullable'] === true) return true;
    const next = depth + 1;
    if (typeof schema['$ref'] === 'string') {
      const found = this.#resolve(schema['$ref']);
      if (found !== undefined && !this.fits(value, found, next)) return false;
    }
    const { type } = schema;
    if (Array.isArray(type)) this.#steps += type.length;
    if (!isOfType(value, type)) return false;
    if ('const' in schema && !this.#equals(value, schema['const'], next)) return false;
    const { enum: values } = schema;
    const isListed = (one: unknown) => this.#equals(value, one, next);
    if (Array.isArray(values) && !values.some(isListed)) return false;
    if (!this.#fitsAll(value, schema, next)) return false;
    if (typeof value === 'string') return this.#fitsLength(value, schema);
    if (typeof value === 'number') return isInRange(value, schema);
    if (Array.isArray(value)) return this.#fitsItems(value, schema, next);
    return !isFields(value) || this.#fitsMembers(value, schema, next);
  }

  #fitsAll(value: unknown, { allOf, anyOf, oneOf }: Schema, depth: number): boolean {
    const fits = (one: unknown) => this.fits(value, one, depth);
    if (Array.isArray(allOf) && !allOf.every(fits)) return false;
    // Of `oneOf` a second one that fits may be one whose keywords are not all read.
    for (const choices of [anyOf, oneOf]) {
      if (Array.isArray(choices) && choices.length > 0 && !choices.some(fits)) return false;
    }
    return true;
  }

  #fitsLength(text: string, schema: Schema): boolean {
    if (schema['minLength'] === undefined && schema['maxLength'] === undefined) return true;
    this.#steps += text.length >> 6;
    return isWithin(Array.from(text).length, schema, 'Length');
  }

  #equals(a: unknown, b: unknown, depth: number): boolean {
    if (++this.#steps > STEPS_MAX || depth > DEPTH_MAX) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
    const [names, others] = [Object.keys(a), Object.keys(b)];
    this.#steps += (names.length + others.length) >> 2;
    if (Array.isArray(a) !== Array.isArray(b) || names.length !== others.length) return false;
    return names.every((name) => {
      const [one, other] = [(a as Schema)[name], (b as Schema)[name]];
      return Object.hasOwn(b, name) && this.#equals(one, other, depth + 1);
    });
  }

  #fitsItems(items: unknown[], schema: Schema, depth: number): boolean {
    if (!isWithin(items.length, schema, 'Items')) return false;
    const { items: each, prefixItems } = schema;
    const first = Array.isArray(prefixItems) ? prefixItems : [];
    return items.every((item, index) => {
      const of = index < first.length ? first[index] : each;
      return Array.isArray(of) || this.fits(item, of, depth);
    });
  }

  #fitsMembers(value: Schema, schema: Schema, depth: number): boolean {
    const { properties, required, additionalProperties: others, patternProperties } = schema;
    if (Array.isArray(required)) {
      this.#steps += required.length;
      const lacks = required.some(
        (name) => typeof name === 'string' && !Object.hasOwn(value, name),
      );
      if (lacks) return false;
    }
    const known = isFields(properties) ? properties : {};
    const names = Object.keys(value);
    this.#steps += names.length >> 2;
    for (const name of names) {
      const isKnown = Object.hasOwn(known, name);
      if (!isKnown && patternProperties !== undefined) continue;
      if (!this.fits(value[name], isKnown ? known[name] : others, depth)) return false;
    }
    return true;
  }

  /** Within the schema alone: nothing is fetched. @returns undefined: it leads nowhere */
  #resolve(reference: string): unknown {
    // What leads to an anchor is not read.
    if (reference !== '#' && !reference.startsWith('#/')) return undefined;
    this.#steps += reference.length >> 4;
    let found = this.#root;
    for (const part of reference.slice(1).split('/').slice(1)) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      if (!isFields(found) || !Object.hasOwn(found, name)) return undefined;
      found = found[name];
    }
    return found;
  }
}

function isOfType(value: unknown, types: unknown): boolean {
  const listed = Array.isArray(types) ? types : [types];
  if (listed.some((type) => typeof type !== 'string')) return true;
  return listed.some((type) => {
    if (type === 'null') return value === null;
    if (type === 'array') return Array.isArray(value);
    if (type === 'object') return isFields(value);
    if (type === 'integer') return Number.isInteger(value);
    return !TYPES.has(type as string) || typeof value === type;
  });
}

const TYPES: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);

function isWithin(count: number, schema: Schema, of: 'Length' | 'Items'): boolean {
  const [min, max] = [schema[`min${of}`], schema[`max${of}`]];
  return !(typeof min === 'number' && count < min) && !(typeof max === 'number' && count > max);
}

function isInRange(value: number, schema: Schema): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (typeof minimum === 'number' && value < minimum) return false;
  if (typeof maximum === 'number' && value > maximum) return false;
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return false;
  return !(typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum);
}

function isFields(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
