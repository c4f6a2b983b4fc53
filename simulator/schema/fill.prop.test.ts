/** Zod, which knows nothing of the simulator, judges what was filled in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { limits } from '../limits.ts';
import { fillSchema } from './fill.ts';
import { Unsatisfiable } from './json-schema.ts';

const words = fc.constantFrom('a', 'city', 'unit', '__proto__x', 'ÄÖ 😀', 'with "quotes"');

const leaves: fc.Arbitrary<z.ZodType> = fc.oneof(
  fc.tuple(fc.nat(12), fc.nat(40)).map(([least, more]) =>
    z
      .string()
      .min(least)
      .max(least + more),
  ),
  fc.constantFrom<z.ZodType>(
    ...[z.string(), z.boolean(), z.null(), z.number(), z.int(), z.literal('x'), z.literal(7)],
    ...[z.email(), z.uuid(), z.uuidv7(), z.url(), z.ipv4(), z.ipv6(), z.base64(), z.e164()],
    ...[z.iso.datetime(), z.iso.date(), z.iso.time(), z.iso.duration(), z.nanoid(), z.ulid()],
    ...[z.iso.datetime({ offset: true }), z.iso.datetime({ local: true }), z.cidrv4(), z.cuid2()],
    ...[/^[A-Z]{3}-\d{4}$/, /^(red|green)( light)?$/, /^[^a-z]\w+\.$/].map((p) =>
      z.string().regex(p),
    ),
    ...[z.string().startsWith('sk-'), z.string().includes('@'), z.string().endsWith('?')],
    z.enum(['low', 'high']),
  ),
  fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(50)).map(([least, more]) =>
    z
      .int()
      .min(least)
      .max(least + more),
  ),
  fc
    .tuple(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double({ min: 0.001, max: 9, noNaN: true }),
    )
    .map(([least, more]) =>
      z
        .number()
        .gt(least)
        .lt(least + more),
    ),
  fc.constantFrom(0.01, 0.5, 5, 250).map((step) => z.number().multipleOf(step)),
);

const { schema: schemas } = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaves,
    fc.dictionary(words, tie('schema'), { maxKeys: 4 }).map((shape) => z.strictObject(shape)),
    fc
      .dictionary(words, tie('schema'), { maxKeys: 3 })
      .map((shape) => z.strictObject(shape).partial()),
    fc.tuple(tie('schema'), fc.nat(3)).map(([item, least]) =>
      z
        .array(item)
        .min(least)
        .max(least + 2),
    ),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((choices) => z.union(choices)),
    fc.tuple(tie('schema'), tie('schema')).map((items) => z.tuple(items)),
    tie('schema').map((value) => z.record(z.string(), value)),
    tie('schema').map((value) => z.record(z.enum(['x', 'y']), value)),
    tie('schema').map((value) => z.nullable(value)),
  ),
}));

describe('what is filled in for a schema', () => {
  it('is what the schema allows, in both spellings of JSON Schema', () => {
    fc.assert(
      fc.property(schemas, fc.constantFrom('draft-7', 'draft-2020-12'), fc.string(), (...given) => {
        const [schema, target, seed] = given;
        const text = fillSchema(z.toJSONSchema(schema, { target: target as 'draft-7' }), seed);
        expect(schema.safeParse(JSON.parse(text)).error?.issues ?? []).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(schemas, fc.string(), (schema, seed) => {
        const stated = z.toJSONSchema(schema);
        expect(fillSchema(stated, seed)).toBe(fillSchema(stated, seed));
      }),
      { numRuns: 50 },
    );
  });

  it('ends where a schema refers to itself, by lists, nulls, unions and options', () => {
    const tree = z.strictObject({
      name: z.string(),
      get children() {
        return z.array(tree);
      },
      get next() {
        return tree.nullable();
      },
      get maybe() {
        return tree.optional();
      },
    });
    // Three of four choices go on, and each of them twice.
    const sum: z.ZodType = z.lazy(() =>
      z.union([
        z.strictObject({ op: z.literal('+'), left: sum, right: sum }),
        z.strictObject({ op: z.literal('-'), left: sum, right: sum }),
        z.strictObject({ op: z.literal('*'), left: sum, right: sum }),
        z.strictObject({ number: z.int() }),
      ]),
    );
    for (const schema of [tree, sum]) {
      for (let seed = 0; seed < 50; seed += 1) {
        const text = fillSchema(z.toJSONSchema(schema), String(seed));
        expect(schema.safeParse(JSON.parse(text)).success).toBe(true);
        expect(text.length).toBeLessThan(200_000);
      }
    }
  });

  it.each<[string, object]>([
    [
      'a value that contains itself',
      { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
    ],
    ['a reference in a circle', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }],
    ['a reference to nowhere', { $ref: '#/$defs/a' }],
    ['a reference to elsewhere', { $ref: 'https://example.com/schema' }],
    ['no value at all', { type: 'array', items: false, minItems: 1 }],
    ['an empty range', { type: 'integer', minimum: 5, maximum: 4 }],
    ['a list without an end', { type: 'array', minItems: 1e9, items: { type: 'null' } }],
    ['a text without an end', { type: 'string', minLength: 1e9 }],
    ['a pattern without an end', { type: 'string', pattern: '^((a{1000}){1000}){1000}$' }],
    [
      'more different items than there are',
      { type: 'array', minItems: 3, uniqueItems: true, items: { enum: [1, 2] } },
    ],
    ['a pattern that never ends', { type: 'string', pattern: '^(?:\\w+){30}(?=!)$' }],
    ['an unknown type', { type: 'text' }],
    ['a schema that is none', { type: 'array', minItems: 1, items: 'string' }],
  ])('is refused, in bounded time: %s', (_, schema) => {
    expect(() => fillSchema(schema, 'seed')).toThrow(Unsatisfiable);
  });

  it('is bounded where each level multiplies the values below it', () => {
    let schema: object = { type: 'string' };
    for (let level = 0; level < 30; level += 1) {
      schema = { type: 'object', properties: { a: schema, b: schema, c: schema } };
    }
    const text = fillSchema(schema, 'seed');
    expect(text.length).toBeLessThan(limits.schemaValuesMax * 100);
  });

  it('joins what is stated together, and leaves out what cannot be', () => {
    const schema = {
      allOf: [
        { type: 'object', properties: { n: { type: 'integer', minimum: 5 }, no: false } },
        { $ref: '#/$defs/more' },
      ],
      required: ['n'],
      $defs: {
        more: { properties: { n: { maximum: 5 }, 'a/b': { const: null } }, required: ['a/b'] },
      },
    };
    expect(JSON.parse(fillSchema(schema, 'seed'))).toEqual({ n: 5, 'a/b': null });
  });
});
