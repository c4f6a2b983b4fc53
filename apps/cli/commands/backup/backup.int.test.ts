import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { openJournal } from '@tollgate/adapters/journal/journal.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backUp } from './backup.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-operator-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @returns the path of the file that has the records */
async function journalOf(journals: string, name: string): Promise<string> {
  const path = join(journals, name);
  const journal = await openJournal({ path });
  for (let i = 0; i < 5; i++) {
    await journal.write({ op: 'recorded', partition: 0, event: `record ${i} of ${name}` });
  }
  await journal.close();
  return join(path, readdirSync(path).sort().at(-1) as string);
}

it('a backup copies a damaged journal as it is, and says so', async () => {
  const data = join(folder, 'data');
  const { journals } = dataFolder(data);
  mkdirSync(journals, { recursive: true });
  await journalOf(journals, 'healthy.journal');
  const file = await journalOf(journals, 'damaged.journal');
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('record 2')] = 0;
  writeFileSync(file, bytes);

  const target = join(folder, 'backup');
  const { files, damaged } = await backUp(data, target);
  expect(files.map((path) => path.split('/').at(-1))).toEqual([
    'damaged.journal',
    'healthy.journal',
  ]);
  expect(damaged).toEqual([expect.stringContaining(`${file} is damaged at byte`)]);
  expect(readFileSync(file.replace(data, target))).toEqual(bytes);
  const manifest = JSON.parse(readFileSync(join(target, 'backup.json'), 'utf8'));
  expect(manifest).toMatchObject({ files, damaged });
});
