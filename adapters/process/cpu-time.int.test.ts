import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cpuTimeMs } from './cpu-time.ts';

it('a process that works has had more time than one that waits', async () => {
  const busy = spawn(process.execPath, ['-e', 'for (;;) {}']);
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 60_000)']);
  const [busyPid, idlePid] = [busy.pid as number, idle.pid as number];
  const workedMs = async (pid: number) => {
    const before = cpuTimeMs(pid) ?? 0;
    await sleep(300);
    return (cpuTimeMs(pid) ?? 0) - before;
  };
  // Both start up first, for as long as that takes here.
  while ((await workedMs(idlePid)) > 0);
  while ((await workedMs(busyPid)) === 0);
  expect(await workedMs(idlePid)).toBe(0);
  busy.kill('SIGKILL');
  idle.kill('SIGKILL');
});

it('of a process that does not exist nothing is known', () => {
  expect(cpuTimeMs(2 ** 22 + 1)).toBeNull();
});
