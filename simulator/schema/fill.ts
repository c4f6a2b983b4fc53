/**
 * Writes a value that a JSON Schema allows, as a model in structured mode does: deterministic, and
 * bounded in depth and size, whatever the schema says of itself.
 */
import { limits } from '../limits.ts';
import { Depths } from './depths.ts';
import { Draws } from './draws.ts';
import {
  isObject,
  join,
  listOf,
  resolve,
  type Schema,
  schemaOf,
  Unsatisfiable,
} from './json-schema.ts';
import { numberText } from './numbers.ts';
import { stringFor } from './strings.ts';

/**
 * @param schema any version of JSON Schema; `not`, `if`, `contains` and `patternProperties` are not
 *   read, and of references only those into the schema itself
 * @param seed the same one gives the same value
 * @returns JSON text without blanks
 * @throws Unsatisfiable if no value fits, or none within the bounds
 */
export function fillSchema(schema: unknown, seed: string): string {
  return new Filler(schemaOf(schema), new Draws(seed)).fill(schemaOf(schema), 0);
}

const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'] as const;
type Type = (typeof TYPES)[number];

/** What a schema without a `type` is about. */
const TYPE_OF_KEYWORD: Readonly<Record<string, Type>> = {
  ...{ properties: 'object', required: 'object', additionalProperties: 'object' },
  ...{ items: 'array', prefixItems: 'array', minItems: 'array' },
  ...{ format: 'string', pattern: 'string', minLength: 'string', maxLength: 'string' },
  ...{ minimum: 'number', maximum: 'number', multipleOf: 'number' },
  ...{ exclusiveMinimum: 'number', exclusiveMaximum: 'number' },
};

class Filler {
  readonly #root: Schema;
  readonly #draws: Draws;
  readonly #depths: Depths;
  #values = 0;

  constructor(root: Schema, draws: Draws) {
    this.#root = root;
    this.#draws = draws;
    this.#depths = new Depths(root, limits.schemaDepthMax);
  }

  fill(given: Schema, depth: number): string {
    this.#values += 1;
    if (depth > limits.schemaDepthMax || this.#values > limits.schemaValuesMax) {
      throw new Unsatisfiable('no value ends within the bounds of the simulator');
    }
    const schema = resolve(given, this.#root);
    for (const keyword of ['anyOf', 'oneOf']) {
      const choices = listOf(schema, keyword);
      if (choices.length > 0) return this.#firstThatFits(schema, keyword, choices, depth);
    }
    if ('const' in schema) return JSON.stringify(schema['const']);
    if (Array.isArray(schema['enum'])) return this.#oneOf(schema['enum'], schema['type']);
    return this.#ofType(this.#typeOf(schema, depth), schema, depth);
  }

  /** Deep down the smallest value ends what could go on forever. */
  #isDeep(depth: number): boolean {
    return depth >= limits.schemaOptionalDepthMax || this.#values > limits.schemaOptionalValuesMax;
  }

  #oneOf(values: readonly unknown[], type: unknown): string {
    const types = Array.isArray(type) ? type : [type];
    const fitting = values.filter(
      (value) => type === undefined || typesOf(value).some((name) => types.includes(name)),
    );
    if (fitting.length === 0) throw new Unsatisfiable('an `enum` has no value of its type');
    return JSON.stringify(this.#draws.of(fitting));
  }

  #firstThatFits(
    schema: Schema,
    keyword: string,
    choices: readonly unknown[],
    depth: number,
  ): string {
    const { [keyword]: _, ...shared } = schema;
    const start = this.#draws.below(choices.length);
    const turned = [...choices.slice(start), ...choices.slice(0, start)];
    const ending = turned.filter((choice) => Number.isFinite(this.#depths.of(choice)));
    // What is nullable is filled; deep down the flattest comes first, and of flat ones null.
    const nullRank = (choice: unknown) => (isNull(choice) ? 1 : 0);
    const order = this.#isDeep(depth)
      ? (one: unknown, other: unknown) =>
          this.#depths.of(one) - this.#depths.of(other) || nullRank(other) - nullRank(one)
      : (one: unknown, other: unknown) => nullRank(one) - nullRank(other);
    let reason = new Unsatisfiable(`no choice of an \`${keyword}\` ends`);
    for (const choice of ending.sort(order)) {
      try {
        return this.fill(join(shared, resolve(schemaOf(choice), this.#root)), depth);
      } catch (cause) {
        if (!(cause instanceof Unsatisfiable)) throw cause;
        reason = cause;
      }
    }
    throw reason;
  }

  #typeOf(schema: Schema, depth: number): Type {
    const { type } = schema;
    if (type === undefined) {
      const keyword = Object.keys(schema).find((name) => Object.hasOwn(TYPE_OF_KEYWORD, name));
      return TYPE_OF_KEYWORD[keyword ?? ''] ?? 'string';
    }
    const stated = Array.isArray(type) ? type : [type];
    const types = TYPES.filter((name) => stated.includes(name));
    const [first] = types;
    if (first === undefined) throw new Unsatisfiable(`no value has the type ${String(type)}`);
    const isNullable = types.includes('null');
    if (isNullable && this.#isDeep(depth)) return 'null';
    return types.length > 1 ? this.#draws.of(types.filter((name) => name !== 'null')) : first;
  }

  #ofType(type: Type, schema: Schema, depth: number): string {
    switch (type) {
      case 'object':
        return this.#object(schema, depth);
      case 'array':
        return this.#array(schema, depth);
      case 'string':
        return JSON.stringify(stringFor(schema, this.#draws));
      case 'integer':
      case 'number':
        return numberText(schema, type === 'integer', this.#draws);
      case 'boolean':
        return this.#draws.below(2) === 1 ? 'true' : 'false';
      case 'null':
        return 'null';
    }
  }

  #object(schema: Schema, depth: number): string {
    const given = isObject(schema['properties']) ? schema['properties'] : {};
    const properties = new Map(Object.entries(given));
    const required = new Set(listOf(schema, 'required').map(String));
    const members: string[] = [];
    const add = (name: string, value: string) => members.push(`${JSON.stringify(name)}:${value}`);
    for (const [name, property] of properties) {
      if (required.has(name)) add(name, this.fill(schemaOf(property), depth + 1));
      else if (!this.#isDeep(depth) && Number.isFinite(this.#depths.of(property))) {
        this.#optional(name, property, depth, add);
      }
    }
    const others = [...required].filter((name) => !properties.has(name));
    const least = Math.min(Number(schema['minProperties'] ?? 0), limits.schemaValuesMax);
    const keys = propertyNames(schema);
    // A dictionary without a stated size has an entry, so that its reader sees one.
    const isOpen = isObject(schema['additionalProperties']) && !this.#isDeep(depth);
    const wanted = Math.max(least, properties.size === 0 && isOpen ? 1 : 0);
    while (members.length + others.length < wanted) {
      const name = this.#newName(keys, (text) => properties.has(text) || others.includes(text));
      others.push(name);
    }
    for (const name of others) {
      add(name, this.fill(schemaOf(schema['additionalProperties']), depth + 1));
    }
    return `{${members.join(',')}}`;
  }

  /** A property that no value fits is left out, as the schema allows. */
  #optional(
    name: string,
    property: unknown,
    depth: number,
    add: (name: string, value: string) => void,
  ): void {
    try {
      add(name, this.fill(schemaOf(property), depth + 1));
    } catch (cause) {
      if (!(cause instanceof Unsatisfiable)) throw cause;
    }
  }

  #newName(names: Schema, isTaken: (name: string) => boolean): string {
    for (let i = 0; i < limits.schemaTriesMax; i += 1) {
      const text = JSON.parse(this.fill({ type: 'string', ...names }, limits.schemaDepthMax));
      if (typeof text === 'string' && !isTaken(text)) return text;
    }
    throw new Unsatisfiable('an object needs more names than there are');
  }

  #array(schema: Schema, depth: number): string {
    const { items } = schema;
    const tuple = Array.isArray(items) ? items : listOf(schema, 'prefixItems');
    const more = Array.isArray(items) ? schema['additionalItems'] : items;
    const least = Number(schema['minItems'] ?? 0);
    const most = Number(schema['maxItems'] ?? Number.POSITIVE_INFINITY);
    if (least > most) throw new Unsatisfiable(`no list has from ${least} to ${most} items`);
    // What may follow a tuple is nothing that anybody asks for.
    const free = tuple.length > 0 ? tuple.length : 1 + this.#draws.below(3);
    const usual = this.#isDeep(depth) ? least : free;
    const count = Math.min(Math.max(usual, least), most);
    const isUnique = schema['uniqueItems'] === true;
    const written: string[] = [];
    const seen = new Set<string>();
    while (written.length < count) {
      const item = written.length < tuple.length ? tuple[written.length] : more;
      const text = this.#item(schemaOf(item), depth, isUnique ? seen : undefined);
      if (text === undefined && written.length >= least) break;
      if (text === undefined) throw new Unsatisfiable('a list needs more different items');
      written.push(text);
      seen.add(text);
    }
    return `[${written.join(',')}]`;
  }

  /** @returns undefined if each try was in `seen` already */
  #item(schema: Schema, depth: number, seen: ReadonlySet<string> | undefined): string | undefined {
    for (let i = 0; i < limits.schemaTriesMax; i += 1) {
      const text = this.fill(schema, depth + 1);
      if (seen === undefined || !seen.has(text)) return text;
    }
    return undefined;
  }
}

function propertyNames(schema: Schema): Schema {
  const names = schema['propertyNames'];
  return isObject(names) ? names : {};
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && (schema['type'] === 'null' || schema['const'] === null);
}

function typesOf(value: unknown): readonly Type[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number')
    return Number.isInteger(value) ? ['integer', 'number'] : ['number'];
  return TYPES.filter((name) => name === typeof value);
}
