/** Which files an area mutates, and which test files import them. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { targetPath } from '../house/layers.ts';
import { readSourceTree, type SourceModule } from '../house/source-tree.ts';
import { type Area, LEFT_OUT } from './areas.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const TEST = /\.(?:unit|prop|int|contract)\.test\.ts$/;
/** Cheap ones first; within a tier by name. */
const TIERS = ['unit', 'prop', 'int', 'contract'];

function globbed(patterns: readonly string[]): Set<string> {
  return new Set(globSync(patterns, { cwd: root, exclude: ['**/node_modules'] }));
}

export function sourcesOf({ sources }: Area): string[] {
  return [...globbed(sources)]
    .filter((path) => path.endsWith('.ts') && !LEFT_OUT.test(path))
    .sort();
}

/** The tests of each group that import one of the files, by way of whatever else. */
export function relatedTests({ tests }: Area, sources: readonly string[]): string[][] {
  const seen = new Set<string>();
  return tests.map((group) =>
    [...globbed(group)]
      .filter((path) => TEST.test(path) && !seen.has(path))
      .filter((path) => {
        seen.add(path);
        const reached = reachedFrom(path);
        return sources.some((source) => reached.has(source));
      })
      .sort((a, b) => tierOf(a) - tierOf(b) || a.localeCompare(b)),
  );
}

function tierOf(path: string): number {
  return TIERS.indexOf(/\.(\w+)\.test\.ts$/.exec(path)?.[1] ?? '');
}

let tree: ReadonlyMap<string, SourceModule> | undefined;

function modulesOf(): ReadonlyMap<string, SourceModule> {
  tree ??= new Map(readSourceTree(root).map((module) => [module.path, module]));
  return tree;
}

/** The file, and what it imports, by way of whatever else. Types vanish, and reach nothing. */
function reachedFrom(path: string): Set<string> {
  const seen = new Set<string>();
  const waiting = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { specifier, typeOnly } of modulesOf().get(next)?.imports ?? []) {
      const target = targetPath(next, specifier);
      if (target !== undefined && !typeOnly) waiting.push(target);
    }
  }
  return seen;
}

export function absolute(path: string): string {
  return join(root, path);
}

const closures = new Map<string, string>();

/** The text of a test file and of everything of ours that it imports, in one string. */
export function closureText(path: string): string {
  const known = closures.get(path);
  if (known !== undefined) return known;
  const text = [...reachedFrom(path)]
    .sort()
    .map((one) => modulesOf().get(one)?.text ?? '')
    .join('\n');
  closures.set(path, text);
  return text;
}
