/**
 * JSON Schema as far as a model's answer needs it: references are followed, and what `allOf` and a
 * reference add to each other is put together.
 */
export type Schema = Readonly<Record<string, unknown>>;

/** No value fits, or the schema says it in a way that the simulator does not read. */
export class Unsatisfiable extends Error {}

export function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws Unsatisfiable for `false`, and for what is no schema */
export function schemaOf(value: unknown): Schema {
  if (value === undefined || value === true) return {};
  if (isObject(value)) return value;
  if (value === false) throw new Unsatisfiable('a schema is `false`, which no value satisfies');
  throw new Unsatisfiable('a schema is neither an object nor a boolean');
}

/** The list under a keyword, or an empty one. */
export function listOf(schema: Schema, keyword: string): readonly unknown[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list : [];
}

/** References in a row: a schema that refers to itself without a value between has no meaning. */
const REFERENCES_MAX = 32;

/**
 * Follows `$ref` and joins `allOf`, at this level only.
 *
 * @throws Unsatisfiable for a reference that leads nowhere or in a circle
 */
export function resolve(given: Schema, root: Schema, followed = 0): Schema {
  const { $ref: reference, allOf, ...own } = given;
  const parts = Array.isArray(allOf) ? allOf.map(schemaOf) : [];
  if (typeof reference === 'string') parts.push(schemaOf(target(reference, root)));
  if (parts.length === 0) return own;
  if (followed === REFERENCES_MAX) throw new Unsatisfiable('a schema refers to itself');
  return parts.reduce<Schema>(
    (joined, part) => join(joined, resolve(part, root, followed + 1)),
    own,
  );
}

/**
 * `#`, or `#/` with a JSON pointer (RFC 6901).
 *
 * @throws Unsatisfiable if it leads nowhere
 */
export function target(reference: string, root: Schema): unknown {
  const nowhere = () => new Unsatisfiable(`the reference ${reference} leads nowhere`);
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) throw nowhere();
  let at: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~');
    const inside = Array.isArray(at) || isObject(at);
    if (!inside || !Object.hasOwn(at as object, name)) throw nowhere();
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch (cause) {
    if (cause instanceof URIError) return step;
    throw cause;
  }
}

type Joiner = (one: unknown, other: unknown) => unknown;

const larger: Joiner = (one, other) => Math.max(Number(one), Number(other));
const smaller: Joiner = (one, other) => Math.min(Number(one), Number(other));
const both: Joiner = (one, other) => ({ allOf: [one, other] });
const common: Joiner = (one, other) => {
  const [these, those] = [one, other].map((list) => (Array.isArray(list) ? list : [list]));
  const texts = new Set(those?.map((value) => JSON.stringify(value)));
  return these?.filter((value) => texts.has(JSON.stringify(value)));
};

/** How two statements of a keyword become one; the second holds for the other keywords. */
const JOINERS: Readonly<Record<string, Joiner>> = {
  type: common,
  enum: common,
  required: (one, other) => [
    ...new Set([...listOf({ l: one as unknown }, 'l'), ...listOf({ l: other as unknown }, 'l')]),
  ],
  properties: joinProperties,
  items: both,
  additionalProperties: (one, other) => one !== false && other !== false && both(one, other),
  ...{ minimum: larger, exclusiveMinimum: larger, minLength: larger, minItems: larger },
  ...{ maximum: smaller, exclusiveMaximum: smaller, maxLength: smaller, maxItems: smaller },
};

export function join(one: Schema, other: Schema): Schema {
  const joined = new Map(Object.entries(one));
  for (const [keyword, value] of Object.entries(other)) {
    const joiner = Object.hasOwn(JOINERS, keyword) ? JOINERS[keyword] : undefined;
    const before = joined.get(keyword);
    const meet = before !== undefined && joiner !== undefined;
    joined.set(keyword, meet ? joiner(before, value) : value);
  }
  return Object.fromEntries(joined);
}

function joinProperties(one: unknown, other: unknown): unknown {
  if (!isObject(one) || !isObject(other)) return one;
  const joined = new Map(Object.entries(one));
  for (const [name, schema] of Object.entries(other)) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? schema : both(before, schema));
  }
  return Object.fromEntries(joined);
}
