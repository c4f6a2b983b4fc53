import { expect, it } from 'vitest';
import { statementOf } from './statement.ts';

const Z = "'2026-11-30T11:00:00.123+01:00'";
const PLAIN = "'2026-11-30 10:00:00.123'";

it.each([
  `SELECT 1 WHERE time >= ${Z}`,
  `SELECT 1 WHERE time!=${Z} AND e."recorded_at" <> ${Z}`,
  `SELECT 1 WHERE ${Z} <= e.time`,
  `SELECT 1 WHERE time BETWEEN ${Z} AND ${Z}`,
  `SELECT 1 WHERE bucket NOT BETWEEN ${Z} AND ${Z}`,
  `SELECT 1 WHERE time IN (${Z}, ${Z}) OR time NOT IN (${Z})`,
])('a time is written as the engine reads it: %s', (sql) => {
  expect(statementOf(sql).text).toBe(sql.replaceAll(Z, PLAIN));
});

it.each([
  `SELECT 1 WHERE id = ${Z}`,
  `SELECT 1 WHERE id IN (${Z}) AND time > now()`,
  `SELECT ${Z} AS time, concat(${Z}, id)`,
  `SELECT 1 WHERE id BETWEEN ${Z} AND ${Z} AND time > 0`,
  "SELECT 1 WHERE time >= '2026-11-30' AND time < '2026-11-31T00:00:00Z' AND time = 'x'",
])('other texts are left as they are: %s', (sql) => {
  expect(statementOf(sql).text).toBe(sql);
});
