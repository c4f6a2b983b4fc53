import { expect, it } from 'vitest';
import { scanJson, withMember } from './json-scan.ts';

/** The members of a text, each as it is written. */
function members(text: string) {
  return scanJson(text).members.map(({ name, start, end }) => [name, text.slice(start, end)]);
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
  expect(scanJson(text).depth).toBe(depth);
});

it('the scan of a text that breaks off in a string ends', () => {
  expect(scanJson('["a')).toEqual({ depth: 1, members: [] });
});

it('I11: one member is written otherwise or added, and no other byte changes', () => {
  const edit = (text: string, name = 'm') => withMember(text, scanJson(text), name, 'NEW');
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
