import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Child } from './child.ts';
import { startSupervisor } from './supervisor.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-child-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a child that was killed, and is not started again yet, is stopped at once', async () => {
  const module = join(folder, 'child.mjs');
  writeFileSync(module, "process.send({ type: 'ready' }); setInterval(() => undefined, 1_000);");
  const child = new Child({
    name: 'c',
    module,
    args: [],
    env: process.env,
    logFile: join(folder, 'log'),
    onGivenUp: () => undefined,
    onRestart: () => undefined,
  });
  await child.start();
  const pid = child.pid as number;
  process.kill(pid, 'SIGKILL');
  const isThere = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isThere()) await sleep(2);
  // Its end was reported; it waits for its next start.
  expect(child.pid).toBe(pid);
  const stopped = child.stop().then(() => 'stopped');
  expect(await Promise.race([stopped, sleep(10_000, 'still waits')])).toBe('stopped');
});

it('a child that never stops to write has a log of at most twice its bound', async () => {
  const module = join(folder, 'child.mjs');
  const logFile = join(folder, 'log');
  writeFileSync(
    module,
    `process.send({ type: 'ready' });
     process.on('message', () => process.exit(0));
     setInterval(() => { process.stderr.write('x'.repeat(999) + '\\n'); }, 1);`,
  );
  const child = new Child({
    ...{ name: 'c', module, args: [], env: process.env, logFile, logBytesMax: 20_000 },
    onGivenUp: () => undefined,
    onRestart: () => undefined,
  });
  await child.start();
  while (!existsSync(`${logFile}.1`)) await sleep(20);
  await sleep(1_000);
  await child.stop();
  // What a watch tick of 250 ms can add beyond the bound, and no hole before it.
  expect(statSync(logFile).size).toBeLessThan(20_000 + 1_000_000);
  expect(readFileSync(logFile, 'utf8')).toMatch(/^(x{0,999}\n)*$/);
});

it('a child that is silent because it works is let live; one that was stopped is not', async () => {
  const module = join(folder, 'child.mjs');
  writeFileSync(
    module,
    `process.send({ type: 'ready' });
    process.on('message', () => process.exit(0));
    setInterval(() => process.send({ type: 'beat' }), 100);
    const busyUntilMs = Date.now() + 2_500;
    setTimeout(() => { while (Date.now() < busyUntilMs); process.send({ type: 'ready' }); }, 200);`,
  );
  const started: unknown[] = [];
  const child = new Child({
    name: 'c',
    module,
    args: [],
    env: process.env,
    logFile: join(folder, 'log'),
    beatTimeoutMs: 1_500,
    onGivenUp: () => undefined,
    onRestart: () => started.push(child.pid),
  });
  await child.start();
  const pid = child.pid as number;
  while (started.length < 2) await sleep(50);
  // It said so a second time, as the same process, after it had been silent for longer than 1.5 s.
  expect(started).toEqual([pid, pid]);
  process.kill(pid, 'SIGSTOP');
  while (child.pid === pid) await sleep(50);
  await child.stop();
}, 60_000);

it('the admin token of a first start that fails is shown by the next one', async () => {
  const busy = createServer();
  await once(busy.listen(0, '127.0.0.1'), 'listening');
  const { port } = busy.address() as AddressInfo;
  const provider = { base_url: 'http://127.0.0.1:1/v1', not_billed_statuses: [] };
  const config = tollgateConfig.parse({
    data: folder,
    proxy_port: port,
    providers: { p: provider },
  });
  await expect(startSupervisor(config, () => undefined)).rejects.toThrow('choose another');
  busy.close();
  // Nothing was made, so that start makes it.
  expect(readdirSync(folder)).toEqual([]);
});
