import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plants } from './plants.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const SUITES = ['ledger', 'idempotency', 'answer-cache'].map((name) => `tests/contract/${name}.ts`);

// That each edit fits its seam is a rule of `npm run check`.
describe('the planted bugs', () => {
  it.each(plants.map((plant) => [plant.bug, plant] as const))('%s', (bug, plant) => {
    // A suite that is a function of a factory has its tests in another file.
    const suites = plant.test.file.includes('/contract/') ? SUITES.map(read).join('') : '';
    expect(read(plant.test.file) + suites).toContain(`'${plant.test.name}'`);
    const seams = plant.edits.map(({ seam }) => `\`${seam}\``).join(', ');
    const row = `| ${bug.replaceAll('|', '\\|')} | ${seams} | \`${plant.test.file}\`: ${plant.test.name} |`;
    expect(read('docs/planted.md').split('\n')).toContain(row);
  });

  it('are as many as the page lists', () => {
    const rows = read('docs/planted.md').match(/^\| (?!Bug|---)/gm);
    expect(rows).toHaveLength(plants.length);
    expect(new Set(plants.map(({ bug }) => bug)).size).toBe(plants.length);
  });
});
