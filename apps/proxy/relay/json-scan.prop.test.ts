import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memberEdit, scanJson, withEdits } from './json-scan.ts';

const names = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
const objects = fc.dictionary(names, fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), {
  noNullPrototype: true,
});
const indents = fc.constantFrom(undefined, 1, '\t', ' \n ');

function depthOf(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('the request body is edited without touching what was not asked for', () => {
  it('finds every top-level member of any JSON object, and its depth', () => {
    fc.assert(
      fc.property(objects, indents, (object, indent) => {
        const text = JSON.stringify(object, null, indent as string);
        const body = Buffer.from(text);
        const scan = scanJson(body, text);
        const read = scan.members.map(({ name, start, end }) => [
          name,
          JSON.parse(body.subarray(start, end).toString()),
        ]);
        expect(read).toEqual(Object.entries(JSON.parse(text) as object));
        expect(scan.depth).toBe(depthOf(object));
      }),
    );
  });

  it('replaces or adds exactly one member', () => {
    fc.assert(
      fc.property(objects, fc.string(), indents, (object, name, indent) => {
        const text = JSON.stringify(object, null, indent as string);
        const body = Buffer.from(text);
        const edit = memberEdit(body, scanJson(body, text), name, '{"new":[1]}');
        const edited = withEdits(body, [edit]).toString();
        const expected = { ...(JSON.parse(text) as object) } as Record<string, unknown>;
        Object.defineProperty(expected, name, {
          value: { new: [1] },
          enumerable: true,
          configurable: true,
          writable: true,
        });
        expect(JSON.parse(edited)).toEqual(expected);
      }),
    );
  });

  it('sees a name that is written twice, however it is escaped', () => {
    const text = '{"model":"a","\\u006dodel":"b"}';
    const scan = scanJson(Buffer.from(text), text);
    expect(scan.members.map((m) => m.name)).toEqual(['model', 'model']);
  });
});
