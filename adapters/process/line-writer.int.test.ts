import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LineWriter, type LineWriterOptions } from './line-writer.ts';

let folder: string;
let file: string;
let lost: { lines: number; code: string | null }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-lines-'));
  file = join(folder, 'lines');
  lost = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writer(fd: number, more: Partial<LineWriterOptions<number>> = {}) {
  return new LineWriter<number>({
    ...{ fd, format: String, gatherMs: 10, linesMax: 100, batchMax: 30 },
    onLost: (told) => lost.push(told),
    ...more,
  });
}

const LINES = Array.from({ length: 100 }, (_, i) => i);

it('lines are written in order, in batches, and a stop waits for the last ones', async () => {
  const fd = openSync(file, 'a');
  const lines = writer(fd);
  for (const line of LINES) lines.add(line);
  await lines.close(5_000);
  closeSync(fd);
  expect(readFileSync(file, 'utf8')).toBe(LINES.map((line) => `${line}\n`).join(''));
  expect([lines.written, lines.dropped, lost]).toEqual([100, 0, []]);
});

it('what has no room is dropped and counted', async () => {
  const fd = openSync(file, 'a');
  const lines = writer(fd, { linesMax: 40 });
  for (const line of LINES) lines.add(line);
  await lines.close(5_000);
  closeSync(fd);
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(41);
  expect([lines.written, lines.dropped, lost]).toEqual([40, 60, [{ lines: 60, code: null }]]);
});

it('a descriptor that takes nothing costs lines, not the process', async () => {
  const fd = openSync('/dev/full', 'a');
  const lines = writer(fd);
  for (const line of LINES) lines.add(line);
  await lines.close(5_000);
  closeSync(fd);
  expect([lines.written, lines.dropped]).toEqual([0, 100]);
  expect(lost.every(({ code }) => code === 'ENOSPC')).toBe(true);
});

it('a pipe that is full is waited for, and gets every line whole', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = spawn('sh', ['-c', `exec <'${pipe}'; sleep 1; exec cat`]);
  let text = '';
  reader.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const fd = openSync(pipe, 'a');
  const long = 'x'.repeat(10_000);
  const lines = writer(fd, { format: (line) => `${line} ${long}` });
  for (const line of LINES) lines.add(line);
  await sleep(300);
  // A million bytes are more than a pipe holds, and its reader sleeps.
  expect(lines.written).toBeLessThan(100);
  await lines.close(10_000);
  closeSync(fd);
  await once(reader, 'close');
  expect(text).toBe(LINES.map((line) => `${line} ${long}\n`).join(''));
});
