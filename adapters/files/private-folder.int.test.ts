import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePrivateFolder } from './private-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-private-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

it('I12: a data folder is private, whatever it was before', () => {
  const fresh = join(folder, 'a', 'b');
  makePrivateFolder(fresh);
  const open = join(folder, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  writeFileSync(join(open, 'ledger.sqlite'), 'old', { mode: 0o644 });
  makePrivateFolder(open);
  expect([fresh, open].map(modeOf)).toEqual([0o700, 0o700]);
});

it('I12: the stores of a process are private files', () => {
  const main = join(folder, 'main.mjs');
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  writeFileSync(
    main,
    `import { makePrivateFiles } from ${at('./private-folder.ts')};
     import { openDatabase } from ${at('../sqlite/open-database.ts')};
     makePrivateFiles();
     openDatabase(process.argv[2], 'CREATE TABLE t (a);');`,
  );
  const path = join(folder, 'store.sqlite');
  execFileSync(process.execPath, [main, path]);
  expect(modeOf(path)).toBe(0o600);
});
