/** The lines, by file, that differ from a revision. */
import { execFileSync } from 'node:child_process';
import { root } from './subjects.ts';

/** @returns by file, the numbers of its new lines */
export function changedLines(revision: string): ReadonlyMap<string, ReadonlySet<number>> {
  const diff = execFileSync('git', ['diff', '--unified=0', '--no-color', revision, '--', '*.ts'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return linesOfDiff(diff);
}

export function linesOfDiff(diff: string): ReadonlyMap<string, ReadonlySet<number>> {
  const changed = new Map<string, Set<number>>();
  let lines = new Set<number>();
  for (const line of diff.split('\n')) {
    const file = /^\+\+\+ b\/(.*)$/.exec(line)?.[1];
    if (file !== undefined) {
      lines = new Set();
      changed.set(file, lines);
    }
    const [, first, count] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (first === undefined) continue;
    for (let i = 0; i < Number(count ?? 1); i++) lines.add(Number(first) + i);
  }
  return changed;
}
