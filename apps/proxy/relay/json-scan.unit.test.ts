import { expect, it } from 'vitest';
import { memberEdit, scanJson, withEdits } from './json-scan.ts';

const scan = (text: string) => scanJson(Buffer.from(text), text);

/** The members of a text, each as it is written. */
function members(text: string) {
  const body = Buffer.from(text);
  return scan(text).members.map(({ name, start, end }) => [
    name,
    body.subarray(start, end).toString(),
  ]);
}

it.each([
  ['{}', []],
  ['{"a":1}', [['a', '1']]],
  [
    ' { "a" : 1 , "b" : "x" } ',
    [
      ['a', '1'],
      ['b', '"x"'],
    ],
  ],
  [
    '{"a"\t:\n[1,{"b":2}]\r\n,"c":{"d":":,}"}}',
    [
      ['a', '[1,{"b":2}]'],
      ['c', '{"d":":,}"}'],
    ],
  ],
  [
    '{"\\"a":"\\\\","b":"\\\\\\""}',
    [
      ['"a', '"\\\\"'],
      ['b', '"\\\\\\""'],
    ],
  ],
  [
    '{"é":"ü€😀","b" : "x"}',
    [
      ['é', '"ü€😀"'],
      ['b', '"x"'],
    ],
  ],
  ['["a","b",{"c":1}]', []],
  ['[]', []],
  ['"a"', []],
  ['3', []],
])('the members of %j are found without the space around them', (text, expected) => {
  expect(members(text)).toEqual(expected);
});

it.each([
  ['3', 0],
  ['"[[["', 0],
  ['[]', 1],
  ['{"a":{"b":[{}]},"c":[]}', 4],
  ['[[],[[]]]', 3],
])('%j nests %i deep', (text, depth) => {
  expect(scan(text).depth).toBe(depth);
});

it('the scan of a text that breaks off in a string ends', () => {
  expect(scan('["a')).toEqual({ depth: 1, members: [] });
});

it('I11: one member is written otherwise or added, and no other byte changes', () => {
  const edit = (text: string, name = 'm') => {
    const body = Buffer.from(text);
    return withEdits(body, [memberEdit(body, scan(text), name, 'NEW')]).toString();
  };
  expect([
    edit(' {"a":1, "m" : {"x":[1]} , "z":2} '),
    edit('{"m":1}'),
    edit(' { } '),
    edit('  {"a":1}'),
    edit('{"a":1}', 'q"'),
  ]).toEqual([
    ' {"a":1, "m" : NEW , "z":2} ',
    '{"m":NEW}',
    ' {"m":NEW } ',
    '  {"m":NEW,"a":1}',
    '{"q\\"":NEW,"a":1}',
  ]);
});

it('I11: several edits are made at once, wherever they are', () => {
  const body = Buffer.from('{"é":1,"a":2,"b":3}');
  const found = scanJson(body, body.toString());
  const edits = [
    ['b', 'ö'],
    ['new', '0'],
    ['a', '22'],
  ] as const;
  const edited = withEdits(
    body,
    edits.map(([name, value]) => memberEdit(body, found, name, value)),
  );
  expect(edited.toString()).toBe('{"new":0,"é":1,"a":22,"b":ö}');
  expect(withEdits(body, []).toString()).toBe(body.toString());
});
