/**
 * `npm run check`: types, lint, layers, words, the lockfile and dead code. All of them run even when one fails,
 * so one run shows everything that has to be fixed; `.ci/run` repeats the lines with their times.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { linkWorkspaces } from './workspace-links.ts';

for (const name of linkWorkspaces(fileURLToPath(new URL('../..', import.meta.url)))) {
  console.log(`linked ${name}, which is newer than the last npm ci`);
}

let failures = 0;
for (const name of ['types', 'lint', 'layers', 'words', 'supply-chain', 'dead']) {
  const start = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', `check:${name}`], { stdio: 'inherit' });
  const outcome = status === 0 ? 'ok' : 'FAILED';
  if (status !== 0) failures++;
  console.log(`check ${name}: ${outcome} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
process.exitCode = failures > 0 ? 1 : 0;
