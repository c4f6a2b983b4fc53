import { expect, it } from 'vitest';
import { linesOf, playCases } from './table.ts';

it('every case from a public report comes out right', async () => {
  const rows = await playCases();
  const wrong = rows.filter(({ observed, expected }) => observed !== expected);
  expect(linesOf(wrong)).toEqual([]);
  expect(rows.length).toBeGreaterThan(40);
});
