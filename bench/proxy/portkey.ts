/** The peer that can be installed: Portkey's gateway, in a folder of its own outside the project. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Subject, start } from '../harness/process.ts';
import { run } from '../harness/wrk.ts';

const VERSION = '1.15.2';

/** @param folder where it is installed, or will be */
export async function startPortkey(folder: string): Promise<Subject> {
  const entry = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  if (!existsSync(entry)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    await run('npm', ['install', `@portkey-ai/gateway@${VERSION}`], process.env, folder);
  }
  const port = await freePort();
  const subject = await start({
    name: 'portkey',
    command: process.execPath,
    args: [entry, `--port=${port}`, '--headless'],
    // It refuses custom hosts on loopback unless they are named.
    env: { ...process.env, TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
    ready: (line) =>
      /ready|running|listening/i.test(line) ? { url: `http://127.0.0.1:${port}` } : null,
  });
  return subject;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
