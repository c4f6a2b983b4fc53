import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, it } from 'vitest';
import { copyAtOnce } from './copy-at-once.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-copy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Moves one record after the other from the first file to the second: inserts it there, then
 * deletes it here.
 */
const MOVER = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  const [from, to] = workerData.map((path) => new DatabaseSync(path, { timeout: 10000 }));
  let next = 0;
  (function step() {
    for (let i = 0; i < 20; i++, next++) {
      from.exec('INSERT INTO record VALUES (' + next + ')');
      to.exec('INSERT INTO record VALUES (' + next + ')');
      from.exec('DELETE FROM record WHERE n = ' + next);
    }
    parentPort.postMessage(next);
    setImmediate(step);
  })();`;

it('I1: copies of files that are being written show one moment: what left one file is in the other', async () => {
  const paths = ['journal', 'log'].map((name) => join(folder, `${name}.sqlite`));
  for (const path of paths) {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE record (n PRIMARY KEY)');
    // Large enough that the copy takes longer than many moves.
    db.exec('CREATE TABLE ballast (x); INSERT INTO ballast SELECT randomblob(20000000)');
    db.close();
  }
  const worker = new Worker(MOVER, { eval: true, workerData: paths });
  let moved = 0;
  worker.on('message', (count: number) => {
    moved = count;
  });
  const copies: number[][] = [];
  for (let round = 0; round < 5; round++) {
    const target = join(folder, `copy${round}`);
    mkdirSync(target);
    const before = moved;
    const copied = await copyAtOnce(
      () => paths,
      (path) => join(target, basename(path)),
    );
    expect(copied).toEqual(paths);
    while (moved === before) await new Promise((resolve) => setTimeout(resolve, 10));
    const [journal = [], log = []] = copied.map((path) => {
      const db = new DatabaseSync(join(target, basename(path)));
      const rows = db.prepare('SELECT n FROM record ORDER BY n').all();
      db.close();
      return rows.map(({ n }) => Number(n));
    });
    // No record is missing: each is in the log, without a gap, or in the journal.
    const all = [...new Set([...log, ...journal])].sort((a, b) => a - b);
    expect(all).toEqual([...all.keys()]);
    copies.push(all);
  }
  await worker.terminate();
  expect(copies.at(-1)?.length).toBeGreaterThan(copies[0]?.length ?? 0);
});

it('starts again when a file comes or goes, and never creates one', async () => {
  const path = join(folder, 'journal.sqlite');
  const gone = join(folder, 'gone.sqlite');
  const lists = [[path, gone], [path], [path, path], [path]];
  let asked = 0;
  const target = join(folder, 'only.sqlite');
  const copied = await copyAtOnce(
    () => lists[asked++] ?? [path],
    () => target,
  );
  expect(copied).toEqual([path]);
  expect(() => new DatabaseSync(gone, { readOnly: true })).toThrow();
});
