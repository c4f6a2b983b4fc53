/**
 * An earlier state of the product, to be measured next to this one: a folder, or a revision, for
 * which a work tree is made. Its load, its upstream and its clock are this bench's own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Parent = {
  root: string;
  commit: string;
  /** Removes the work tree, if there is one. */
  remove(): void;
};

/**
 * @param where a folder with node_modules in place, or a revision
 * @param folder where a work tree may be made
 * @throws Error if it is neither
 */
export function openParent(where: string, folder: string): Parent {
  if (existsSync(join(where, 'package.json'))) {
    const root = resolve(where);
    return { root, commit: git(root, 'rev-parse', '--short', 'HEAD'), remove: () => undefined };
  }
  const root = join(folder, 'parent');
  git(ROOT, 'worktree', 'add', '--quiet', '--detach', root, where);
  try {
    installInto(root);
  } catch (error) {
    git(ROOT, 'worktree', 'remove', '--force', root);
    throw error;
  }
  return {
    root,
    commit: git(root, 'rev-parse', '--short', 'HEAD'),
    remove: () => void git(ROOT, 'worktree', 'remove', '--force', root),
  };
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
}

/** The same vendors in the same versions are shared; else they are installed as CI would. */
function installInto(root: string): void {
  if (vendorsOf(root) !== vendorsOf(ROOT)) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });
    return;
  }
  const [ours, theirs] = [join(ROOT, 'node_modules'), join(root, 'node_modules')];
  mkdirSync(join(theirs, '@tollgate'), { recursive: true });
  for (const name of readdirSync(ours)) {
    if (name !== '@tollgate') symlinkSync(join(ours, name), join(theirs, name));
  }
  // The packages of the product are the tree's own, or this one's code would be measured twice.
  for (const [path, { resolved, link }] of Object.entries(packagesOf(root))) {
    if (link !== true || resolved === undefined) continue;
    const place = join(root, path);
    symlinkSync(relative(dirname(place), join(root, resolved)), place);
  }
}

type Locked = { version?: string; integrity?: string; resolved?: string; link?: boolean };

function packagesOf(root: string): Record<string, Locked> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  return lock.packages;
}

function vendorsOf(root: string): string {
  const vendors = Object.entries(packagesOf(root)).filter(
    ([path, { link }]) => path.startsWith('node_modules/') && link !== true,
  );
  return JSON.stringify(
    vendors.map(([path, { version, integrity }]) => [path, version, integrity]),
  );
}
