/**
 * `npm run check`: types, lint, layers, words, the lockfile and dead code. All of them run even when one fails,
 * so one run shows everything that has to be fixed; `.ci/run` repeats the lines with their times.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { linkWorkspaces } from './workspace-links.ts';

/** Side by side: the types take as long as all others together, and most of these use one core. */
const LANES = [['types'], ['lint', 'layers', 'words', 'supply-chain', 'dead']];

for (const name of linkWorkspaces(fileURLToPath(new URL('../..', import.meta.url)))) {
  console.log(`linked ${name}, which is newer than the last npm ci`);
}

/** What it says is shown when it has ended, so that nothing comes in between. @returns whether it failed */
async function failed(name: string): Promise<boolean> {
  const start = performance.now();
  const child = spawn('npm', ['run', '--silent', `check:${name}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  const outcome = code === 0 ? 'ok' : 'FAILED';
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${said}check ${name}: ${outcome} in ${seconds} s\n`);
  return code !== 0;
}

const outcomes = await Promise.all(
  LANES.map(async (names) => {
    const failures: boolean[] = [];
    for (const name of names) failures.push(await failed(name));
    return failures;
  }),
);
process.exitCode = outcomes.flat().includes(true) ? 1 : 0;
