import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('./mutation-main.ts', import.meta.url));

// The tool that was tried before this one reported kills of mutants that its tests never noticed.
it('reports of each mutant of a toy what becomes of it, and shows its kills again', async () => {
  const command = ['--area', 'toy', '--again', '--recheck', '3', '--patience', '4000'];
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...command]);
  const lines = stdout.trim().split('\n');
  expect(lines.filter((line) => line.includes('survived'))).toEqual([
    '  survived: tests/mutation/toy/toy.ts:10 [number] 30 → 31',
    '  survived: tests/mutation/toy/toy.ts:10 [boundary] celsius > 30 → celsius >= 30',
    '  survived, no test reaches it: tests/mutation/toy/toy.ts:15 [number] 2 → 3',
    '  survived, no test reaches it: tests/mutation/toy/toy.ts:15 [negation] metres > 2 → metres <= 2',
    '  survived, no test reaches it: tests/mutation/toy/toy.ts:15 [boundary] metres > 2 → metres >= 2',
    '  survived: tests/mutation/toy/toy.ts:21 [number] 1 → 0',
    "  survived: tests/mutation/toy/toy.ts:26 [string] 'green' → ''",
  ]);
  expect(lines).toContain('  showing 3 kills again, from edited source');
  // Whether an endless loop notices itself or is ended from outside depends on the machine's load.
  expect(lines.at(-2)).toMatch(
    /^toy: 12 of 19 killed \(63\.2 %, [01] of them by time\), 0 equivalent$/,
  );
  expect(lines.at(-1)).toBe('12 passed, 7 failed, 0 skipped');
}, 180_000);
