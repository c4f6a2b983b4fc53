import { expect, it } from 'vitest';
import { withAliasesWrittenOut } from './columns-first.ts';
import { statementOf } from './statement.ts';

const written = (sql: string) => withAliasesWrittenOut(statementOf(sql).tokens);

it.each([
  [
    'SELECT a, sum(c) AS c FROM t WHERE c > 0 GROUP BY a ORDER BY c DESC, a LIMIT 5',
    'SELECT a, sum(c) AS c FROM t WHERE c > 0 GROUP BY a ORDER BY (sum(c)) DESC, a LIMIT 5',
  ],
  [
    'SELECT sum(c) c FROM t HAVING c > 1 AND max(c) > 2 ORDER BY t.c, c(1), round(c)',
    'SELECT sum(c) c FROM t HAVING (sum(c)) > 1 AND max(c) > 2 ORDER BY t.c, c(1), round(c)',
  ],
  [
    'SELECT DISTINCT sum(c) AS "c" FROM t ORDER BY "c"',
    'SELECT DISTINCT sum(c) AS "c" FROM t ORDER BY (sum(c))',
  ],
  [
    'SELECT x FROM (SELECT sum(c) AS x FROM t ORDER BY x) ORDER BY x',
    'SELECT x FROM (SELECT sum(c) AS x FROM t ORDER BY (sum(c))) ORDER BY x',
  ],
  [
    'SELECT sum(c) AS c FROM t UNION ALL SELECT min(c) AS c FROM t ORDER BY c',
    'SELECT sum(c) AS c FROM t UNION ALL SELECT min(c) AS c FROM t ORDER BY (min(c))',
  ],
  [
    'SELECT sum(c) OVER (ORDER BY c) AS c FROM t LIMIT 1 BY c',
    'SELECT sum(c) OVER (ORDER BY c) AS c FROM t LIMIT 1 BY c',
  ],
  [
    'SELECT (SELECT max(c) FROM t) AS c, 1 AS d FROM t ORDER BY c, d',
    'SELECT (SELECT max(c) FROM t) AS c, 1 AS d FROM t ORDER BY c, (1)',
  ],
])('an alias is written out where the standard means it: %s', (sql, expected) => {
  expect(written(sql)).toBe(expected);
});

it('a query that would become too long is left as it is', () => {
  const long = `concat(${Array(500).fill("'aaaa'").join(',')})`;
  const sql = (uses: number) => `SELECT ${long} AS a ORDER BY ${Array(uses).fill('a').join(',')}`;
  expect(written(sql(1))?.length).toBeLessThan(16_384);
  expect(written(sql(4))).toBe(null);
});
