/** What of an answer surely does not fit the schema that its client gave. */
import { expect, it } from 'vitest';
import { fitsSchema } from './json-schema.ts';

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 3 },
    age: { type: ['integer', 'null'], minimum: 0, exclusiveMaximum: 150 },
    tags: { type: 'array', items: { enum: ['a', 'b'] }, maxItems: 2 },
    boss: { $ref: '#' },
    at: { anyOf: [{ $ref: '#/$defs/point' }, { type: 'string' }] },
  },
  required: ['name'],
  additionalProperties: false,
  $defs: {
    point: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], minItems: 2 },
  },
};

it.each<[boolean, unknown]>([
  [true, { name: 'Li', age: null, tags: ['a', 'b'], boss: { name: 'O' }, at: [1, 2.5] }],
  [true, { name: '𝕏𝕏𝕏', at: 'here' }],
  [false, []],
  [false, {}],
  [false, { name: '' }],
  [false, { name: 'long' }],
  [false, { name: 'Li', age: 1.5 }],
  [false, { name: 'Li', age: -1 }],
  [false, { name: 'Li', age: 150 }],
  [false, { name: 'Li', age: '1' }],
  [false, { name: 'Li', tags: ['c'] }],
  [false, { name: 'Li', tags: ['a', 'b', 'a'] }],
  [false, { name: 'Li', boss: { age: 1 } }],
  [false, { name: 'Li', at: [1] }],
  [false, { name: 'Li', at: [1, 'x'] }],
  [false, { name: 'Li', other: 1 }],
  [false, { name: 'Li', toString: 1 }],
])('%s: %j', (fits, value) => {
  expect(fitsSchema(value, person)).toBe(fits);
});

// OpenAPI 3.0: a null that it allows was a failed schema, and was paid for twice.
it('takes null for what a schema says is nullable, and nothing else', () => {
  const schema = { properties: { a: { type: 'string', nullable: true }, b: { type: 'string' } } };
  const nullable = [{ a: null }, { a: 1 }, { b: null }].map((value) => fitsSchema(value, schema));
  expect(nullable).toEqual([true, false, false]);
});

it('compares what has members by their values, in whatever order', () => {
  const schema = { enum: [{ a: 1, b: [2] }] };
  expect([fitsSchema({ b: [2], a: 1 }, schema), fitsSchema({ a: 1, b: [3] }, schema)]).toEqual([
    ...[true, false],
  ]);
});

it('takes what it does not read for fitting: a second opinion is paid for only where it is due', () => {
  const unread = [null, true, { pattern: '^(a+)+$' }, { $ref: 'https://x.example/y' }, { type: 7 }];
  expect(unread.every((schema) => fitsSchema('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', schema))).toBe(
    true,
  );
  expect(fitsSchema(1, false)).toBe(false);
});

it('does not take the root for what an anchor leads to', () => {
  const $defs = { text: { $anchor: 'text', type: 'string' } };
  const schema = { type: 'object', properties: { a: { $ref: '#text' } }, $defs };
  expect(fitsSchema({ a: 'x' }, schema)).toBe(true);
});

const long = 'x'.repeat(60_000);
const many = Object.fromEntries(Array(40_000).entries());

it.each<[string, object, unknown]>([
  ['a reference', { [long]: { type: 'string' }, items: { $ref: `#/${long}` } }, 'a'],
  ['a list of types', { items: { type: [...Array(10_000).fill('null'), 'string'] } }, 'a'],
  ['a list of members', { items: { enum: [many, {}] } }, {}],
])('has a bound for each step as well: %s that is long', (_, schema, fitting) => {
  expect(fitsSchema([fitting, 1], schema)).toBe(false);
  // It is not looked for among so many.
  expect(fitsSchema([...Array(10).fill(fitting), 1], schema)).toBe(true);
});

it('has a bound: a schema that leads back to itself, or to very much, ends', () => {
  const anyOf = Array.from({ length: 30 }, () => ({ $ref: '#' }));
  expect(fitsSchema({}, { $ref: '#', anyOf })).toBe(true);
  expect(fitsSchema({}, { $ref: '#/a', a: { $ref: '#/a' } })).toBe(true);
});
