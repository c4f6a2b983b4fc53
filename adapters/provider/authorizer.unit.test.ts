import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RereadTexts } from './authorizer.ts';

it('texts in files are read again once a minute', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-texts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'token');
  let nowMs = 1;
  const texts = new RereadTexts([{ file }, { text: 'fixed' }], () => nowMs);
  writeFileSync(file, 'one\n');
  expect(await texts.texts()).toEqual(['one', 'fixed']);
  writeFileSync(file, 'two');
  nowMs = 60_000;
  expect(await texts.texts()).toEqual(['one', 'fixed']);
  nowMs = 60_001;
  expect(await texts.texts()).toEqual(['two', 'fixed']);
});

it('a file that is empty is no token, and is looked at again by the next request', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-texts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'token');
  const texts = new RereadTexts([{ file }], () => 1);
  writeFileSync(file, ' ');
  await expect(texts.texts()).rejects.toThrow('is empty');
  writeFileSync(file, 'one');
  expect(await texts.texts()).toEqual(['one']);
});
