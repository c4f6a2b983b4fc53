import { describe, expect, it } from 'vitest';
import type { ApiProblem } from '../../http/errors.ts';
import { checkSyntax, type EngineNames } from './fence.ts';
import { statementOf } from './statement.ts';

const ENGINE: EngineNames = {
  functions: new Set(['file', 'user', 'version', 'lower', 'count', 'day', 'tokens']),
  zones: new Set(['UTC', 'Europe/Berlin']),
};
const NO_TABLES: ReadonlySet<string> = new Set();

/** The tree of a SELECT of one expression. */
const selecting = (...expression: string[]) => [
  'SelectWithUnionQuery (children 1)',
  ' ExpressionList (children 1)',
  '  SelectQuery (children 1)',
  '   ExpressionList (children 1)',
  ...expression.map((line) => `    ${line}`),
];
const call = (name: string, ...given: string[]) =>
  selecting(
    `Function ${name} (children 1)`,
    ` ExpressionList (children ${given.length})`,
    ...given.map((line) => `  ${line}`),
  );

/** What is refused, or null. */
function refusal(lines: string[], engine = ENGINE): unknown {
  try {
    checkSyntax(lines, NO_TABLES, engine);
    return null;
  } catch (error) {
    return (error as ApiProblem).details.extra?.['refused'];
  }
}

describe('the fence', () => {
  it.each(['file', 'FILE', 'user', 'User', 'version'])('refuses the bare word %s', (word) => {
    const refused = `The name ${word}`;
    expect(refusal(selecting(`Identifier ${word}`))).toBe(refused);
    expect(refusal(selecting(`Identifier ${word} (alias x)`))).toBe(refused);
    expect(refusal(call('lower', `Identifier ${word}`))).toBe(refused);
  });

  it.each(['count', 'Count', 'day', 'tokens', 'model', 'usage_daily.file', 'file_id'])(
    'lets the bare word %s pass, which calls nothing of interest',
    (word) => {
      expect(refusal(call('lower', `Identifier ${word}`))).toBe(null);
    },
  );

  it('knows what the engine that runs the query calls a function', () => {
    const newer = { ...ENGINE, functions: new Set(['model']) };
    expect(refusal(selecting('Identifier model'), newer)).toBe('The name model');
    expect(refusal(selecting('Identifier file'), newer)).toBe(null);
  });

  it('wants a lambda where a function could be named, even an allowed one', () => {
    const given = ["Literal Array_['x']"];
    expect(refusal(call('arrayCompact', ...given))).toBe(null);
    for (const name of ['arrayCompact', 'arrayMap', 'ARRAYMAP', 'mapApply']) {
      const refused = `The first argument of ${name}`;
      expect(refusal(call(name, 'Identifier lower', ...given))).toBe(refused);
      expect(refusal(call(name, "Literal 'lower'", ...given))).toBe(refused);
    }
  });

  it.each([
    ["Literal 'UTC'", true],
    ["Literal 'Europe/Berlin'", true],
    ["Literal 'europe/berlin'", false],
    ["Literal 'file:/etc/passwd'", false],
    ["Literal '/etc/passwd'", false],
    ["Literal 'UTC\\\\0'", false],
    ["Literal ''", false],
    ["Literal Array_['UTC']", false],
    ["Literal Tuple_('UTC')", false],
    ['Literal UInt64_1', true],
    ['Literal Int64_-1', true],
    ['Literal NULL', true],
    ['Identifier zone', false],
    ['Subquery (children 1)', false],
    ['Function concat (children 1)', false],
    ['Function formatDateTime (children 1)', false],
    ['Function dateName (children 1)', false],
    ['Function toDateTime (children 1)', true],
    ['Function toIntervalDay (children 1)', true],
  ])('where a time zone may be, %s passes: %s', (given, passes) => {
    const refused = passes ? null : 'This time zone of toHour';
    expect(refusal(call('toHour', 'Identifier time', given))).toBe(refused);
  });

  it.each([
    ['now', 0],
    ['toTimeZone', 1],
    ['formatDateTime', 2],
    ['addDays', 2],
    ['date_trunc', 2],
    ['dateDiff', 3],
  ])(
    '%s may hold a time zone from its argument %i on, and only text of its own before',
    (name, from) => {
      const text = "Literal 'not a zone'";
      const before = Array.from({ length: from }, () => text);
      expect(refusal(call(name, ...before))).toBe(null);
      expect(refusal(call(name, ...before, text))).toBe(`This time zone of ${name}`);
      expect(refusal(call(name, ...before, 'Literal NULL', text))).toBe(
        `This time zone of ${name}`,
      );
    },
  );

  it.each([
    ["DateTime(\\'Europe/Berlin\\')", true],
    ["Array(Nullable(DateTime64(3, \\'UTC\\')))", true],
    ["DateTime(\\'Mars/Olympus\\')", false],
    ["DateTime(\\'/etc/passwd\\')", false],
    ["DateTime(\\'UTC\\', \\'file:/x\\')", false],
    ["DateTime(\\'UTC)", false],
  ])('a cast to %s passes: %s', (type, passes) => {
    const verdict = refusal(call('CAST', 'Literal UInt64_0', `Literal '${type}'`));
    expect(verdict === null).toBe(passes);
  });
});

describe('comments', () => {
  it('end with their line, whichever way they begin, and what follows counts', () => {
    const queries = [
      "SELECT 1 // '\n + 2 // '",
      "SELECT 1 -- '\n + 2 -- '",
      'SELECT 1 /* // */ + 2',
    ];
    expect(queries.map((sql) => statementOf(sql).text)).toEqual(queries.map(() => 'SELECT 1 + 2'));
  });

  it('hide no clause within what looks like text', () => {
    const hidden = "SELECT 1 // '\n SETTINGS max_threads = 1 // '";
    expect(() => statementOf(hidden)).toThrow(/SETTINGS/);
  });
});
