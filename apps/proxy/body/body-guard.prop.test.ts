import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BodyBounds, BodyGuard } from './body-guard.ts';

const NONE: BodyBounds = { depthMax: 1e9, valuesMax: 1e9, membersMax: 1e9 };

/** What the guard says of a body that comes in chunks of these lengths, one after the other. */
function guarded(body: Buffer, bounds: Partial<BodyBounds>, lengths: readonly number[] = []) {
  const guard = new BodyGuard({ ...NONE, ...bounds });
  let from = 0;
  for (const length of [...lengths, body.length]) {
    const fault = guard.push(body.subarray(from, from + length));
    if (fault !== null) return fault;
    from = Math.min(body.length, from + length);
  }
  return null;
}

type Counts = { depth: number; values: number };
/**
 * What the body was made of, counted: an empty object or list counts one as well. Not what JSON.parse
 * reads: V8 14 takes the name `\"` for `\\` where an object with that name was read before.
 */
function countsOf(value: unknown): Counts {
  if (value === null || typeof value !== 'object') return { depth: 0, values: 0 };
  const inner = Object.values(value).map(countsOf);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: Math.max(1, inner.length) + inner.reduce((sum, { values }) => sum + values, 0),
  };
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\\', '"', '\\"', ',[{', ']}'),
);
const json = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });
const objects = fc.dictionary(text, fc.oneof(text, json), { noNullPrototype: true, maxKeys: 8 });
const chunks = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });

describe('a body is counted while its bytes arrive, however they are cut', () => {
  it('depth, values and members are those of the parsed body, not one more or less', () => {
    fc.assert(
      fc.property(objects, chunks, (object, lengths) => {
        const body = Buffer.from(JSON.stringify(object));
        const { depth, values } = countsOf(object);
        const members = Object.keys(object).length;
        const says = (bounds: Partial<BodyBounds>) => guarded(body, bounds, lengths);
        expect([
          says({ depthMax: depth, valuesMax: values, membersMax: Math.max(1, members) }),
          says({ depthMax: depth - 1 }),
          says({ valuesMax: values - 1 }),
          members > 1 ? says({ membersMax: members - 1 }) : 'json_too_large',
        ]).toEqual([null, 'json_too_deep', 'json_too_large', 'json_too_large']);
      }),
    );
  });

  it('bytes that are no JSON are not its business, and end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), chunks, (bytes, lengths) => {
        expect(() => guarded(Buffer.from(bytes), {}, lengths)).not.toThrow();
      }),
    );
  });

  it('stops at the chunk that has one too many', () => {
    const guard = new BodyGuard({ ...NONE, valuesMax: 3 });
    expect([guard.push(Buffer.from('[1,2')), guard.push(Buffer.from(',3,4'))]).toEqual([
      null,
      'json_too_large',
    ]);
  });
});
