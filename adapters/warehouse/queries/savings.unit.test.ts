import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { savingsSql } from './savings.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/sql.md', import.meta.url), 'utf8');

it('I6: the query that the demo compares with the simulator is the one that docs/sql.md has', () => {
  const baseline = { route: 'assistant', input: '2.50', cacheRead: '1.25', output: '10.00' };
  expect(DOCUMENT).toContain(`### What routes and the cache saved, by customer

\`\`\`sql
${savingsSql([baseline])}
\`\`\`
`);
});
