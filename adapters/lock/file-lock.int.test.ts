import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock } from './file-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lets another process try the lock. @returns whether it got it */
async function holder(path: string): Promise<{ child: ChildProcess; said: string }> {
  const module = JSON.stringify(new URL('./file-lock.ts', import.meta.url).href);
  const script = `
    const { tryLock } = await import(${module});
    console.log(tryLock(${JSON.stringify(path)}) === null ? 'taken' : 'held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

describe('the file lock', () => {
  it('belongs to one process at a time, through SIGSTOP, and is free after SIGKILL', async () => {
    const path = join(folder, 'a.lock');
    const { child, said } = await holder(path);
    expect(said).toBe('held');
    const whileHeld = tryLock(path);
    child.kill('SIGSTOP');
    const whileStopped = tryLock(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const afterKill = tryLock(path);
    expect([whileHeld, whileStopped, afterKill === null]).toEqual([null, null, false]);
    afterKill?.release();
  });

  it('is not lost by a second try in the process that holds it', async () => {
    const path = join(folder, 'b.lock');
    const lock = tryLock(path);
    expect(tryLock(path)).toBe(null);
    const { child, said } = await holder(path);
    child.kill('SIGKILL');
    lock?.release();
    expect(said).toBe('taken');
  });
});
