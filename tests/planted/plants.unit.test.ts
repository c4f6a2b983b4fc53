import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { points } from '../chaos/points.ts';
import { plantInto } from './plant.ts';
import { plants } from './plants.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');

describe('the planted bugs', () => {
  it.each(plants.map((plant) => [plant.bug, plant] as const))('%s', (bug, plant) => {
    // A suite that is a function of a factory has its tests in another file.
    const suites = plant.test.file.includes('/contract/') ? read('tests/contract/ledger.ts') : '';
    expect(plantInto(read(plant.file), plant)).not.toBe(read(plant.file));
    expect(read(plant.test.file) + suites).toContain(`'${plant.test.name}'`);
    expect(read('docs/planted.md')).toContain(`| ${bug.replaceAll('|', '\\|')} |`);
  });

  it('are as many as the page lists', () => {
    const rows = read('docs/planted.md').match(/^\| (?!Bug|---)/gm);
    expect(rows).toHaveLength(plants.length);
    expect(new Set(plants.map(({ bug }) => bug)).size).toBe(plants.length);
  });
});

describe('the points of the chaos harness', () => {
  it.each(points.map((point) => [point.name, point] as const))('%s', (_, point) => {
    expect(read(point.file).split(point.anchor)).toHaveLength(2);
  });
});
