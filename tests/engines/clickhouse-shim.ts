/** Starts the engine behind its HTTP front as a process of its own: a data folder belongs to one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ShimUser } from './clickhouse-shim/users.ts';

const MAIN = join(import.meta.dirname, 'clickhouse-shim-main.ts');

export type ClickhouseShim = {
  readonly url: string;
  /** SIGKILL, in the middle of whatever runs. */
  kill(): Promise<void>;
  /** On the same port and folder again. */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Where its data folder is. */
  readonly folder: string;
  /** Ends it and removes its folder. */
  dispose(): Promise<void>;
};

export async function startClickhouseShim(
  options: { users?: readonly ShimUser[] } = {},
): Promise<ClickhouseShim> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-clickhouse-'));
  const args = ['--data', join(folder, 'data')];
  if (options.users !== undefined) {
    const file = join(folder, 'users.json');
    writeFileSync(file, JSON.stringify(options.users));
    args.push('--users', file);
  }
  let { child, url } = await startProcess(args);
  const port = new URL(url).port;
  const ended = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  };
  return {
    url,
    kill: () => ended('SIGKILL'),
    async start() {
      ({ child, url } = await startProcess([...args, '--port', port]));
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    folder,
    async dispose() {
      await ended('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startProcess(args: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Nothing outlives whoever asked for it.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, url: (JSON.parse(line) as { url: string }).url };
  }
  throw new Error('the engine did not start: see its message above');
}
