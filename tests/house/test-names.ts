/** A test file whose name names no tier would never run. */
import { type Finding, finding, type SourceModule } from './source-tree.ts';
import { TIERS } from './tiers.ts';

export function checkTestNames(modules: readonly SourceModule[]): Finding[] {
  const names = TIERS.map(({ name }) => name);
  return modules
    .filter(({ path }) => /\.(test|spec)\.ts$/.test(path))
    .filter(({ path }) => !names.some((name) => path.endsWith(`.${name}.test.ts`)))
    .map((module) =>
      finding(module, 0, 'tier', `a test's name ends in .<tier>.test.ts: ${names.join(', ')}`),
    );
}
