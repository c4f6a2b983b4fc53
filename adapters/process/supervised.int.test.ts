import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SUPERVISED = new URL('./supervised.ts', import.meta.url).href;
/**
 * Reports that it opens its stores, and spends a moment on it before it listens to its supervisor.
 */
const CHILD = `
  import { supervised } from ${JSON.stringify(SUPERVISED)};
  process.send('begun');
  const openMs = Number(process.argv[2]);
  await new Promise((resolve) => setTimeout(resolve, openMs));
  const child = supervised({ onStop: async () => undefined, drainTimeoutMs: 1_000 });
  if (openMs === 0) child.ready({});
  setInterval(() => undefined, 1_000);
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-supervised-'));
  writeFileSync(join(folder, 'child.mjs'), CHILD);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['is ready', 0, 2],
  ['opens its stores', 500, 1],
])('a child whose supervisor dies while it %s ends too', async (_, openMs, messages) => {
  const module = join(folder, 'child.mjs');
  const stdio: ['ignore', 'ignore', 'inherit', 'ipc'] = ['ignore', 'ignore', 'inherit', 'ipc'];
  const child = spawn(process.execPath, [module, String(openMs)], { stdio });
  try {
    for (let i = 0; i < messages; i++) await once(child, 'message');
    const ended = once(child, 'exit').then(() => 'ended');
    child.disconnect();
    expect(await Promise.race([ended, sleep(10_000, 'runs on')])).toBe('ended');
  } finally {
    child.kill('SIGKILL');
  }
});
