import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { rssBytes, rssFromProc, rssFromPs } from './process-memory.ts';

const MIB = 1024 * 1024;

it.each([
  ['by default', rssBytes],
  ['from /proc', rssFromProc],
  ['from ps', rssFromPs],
])('%s, a process has its memory, and 0 when it has ended', async (_, rss) => {
  const text =
    'const b = Buffer.alloc(200 * 1024 ** 2, 1); console.log(b.length); setInterval(() => b, 1e3)';
  const child = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = child.pid ?? 0;
  await once(child.stdout, 'data');
  const bytes = await rss(pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect([bytes > 200 * MIB, bytes < 400 * MIB, await rss(pid)]).toEqual([true, true, 0]);
});
