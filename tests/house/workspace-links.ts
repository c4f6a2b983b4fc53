/**
 * Links workspaces that are younger than this checkout's `npm ci`, as npm does. Without the link every
 * import of the new package fails, with forty errors that do not say why.
 */
import { globSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** @returns the names of the packages that were linked now */
export function linkWorkspaces(root: string): string[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    workspaces: string[];
  };
  const linked: string[] = [];
  for (const path of globSync(
    workspaces.map((place) => `${place}/package.json`),
    { cwd: root },
  )) {
    const { name } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { name: string };
    const link = join(root, 'node_modules', name);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    symlinkSync(relative(dirname(link), join(root, dirname(path))), link);
    linked.push(name);
  }
  return linked;
}
