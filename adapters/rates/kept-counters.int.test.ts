/** The counters of the embedded store over restarts of its process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openKeptCounters } from './kept-counters.ts';

const START_MS = 600_001;
const TAKE = { counter: 'c', lengthMs: 60_000, limit: 10, smoothing: false, need: 1, most: 6 };

let folder: string;
let path: string;
let nowMs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-rates-'));
  path = join(folder, 'rates.json');
  nowMs = START_MS;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const open = () => openKeptCounters(path, () => nowMs);

it('the first start knows that nothing was given before', () => {
  expect(open().counters.take(TAKE)).toMatchObject({ granted: 6, forgotten: false });
});

it('an orderly end keeps what was given, and gives nothing twice', () => {
  const first = open();
  first.counters.take(TAKE);
  first.keep();
  nowMs += 5_000;
  expect(open().counters.take(TAKE)).toMatchObject({ granted: 4, given: 10 });
});

// litellm PR#30684: after a restart, counters that were gone enforced nothing.
it('after any other end, nothing is given of the window that was running', () => {
  open().counters.take(TAKE);
  nowMs += 5_000;
  const second = open();
  expect(second.counters.take(TAKE)).toMatchObject({ granted: 0, forgotten: true });
  nowMs += 54_999;
  expect(second.counters.take(TAKE)).toMatchObject({ granted: 6, forgotten: false });
});

it('a file that was cut is no knowledge either', () => {
  writeFileSync(path, '{"counters":[["c",6');
  expect(open().counters.take(TAKE)).toMatchObject({ granted: 0, forgotten: true });
});
