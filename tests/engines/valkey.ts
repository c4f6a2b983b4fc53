/** A real Valkey or Redis server, in memory alone, as a process of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';

const START_MS = 10_000;

export type ValkeyEngine = {
  url: string;
  /** SIGKILL; what it had counted is gone. */
  kill(): Promise<void>;
  /** On the same port again. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  dispose(): Promise<void>;
};

function program(): string | undefined {
  return ['valkey-server', 'redis-server'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  );
}

/** @returns why no server can run here and how to fix that, or null if one can */
export function valkeyUnavailable(): string | null {
  if (program() !== undefined) return null;
  return 'there is no valkey-server and no redis-server: apt-get install redis-server';
}

export async function startValkey(): Promise<ValkeyEngine> {
  const name = program();
  if (name === undefined) throw new Error(valkeyUnavailable() ?? '');
  const [port = 0] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-valkey-'));
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder];
  let child: ChildProcess;
  const end = () => void child.kill('SIGKILL');
  const start = async () => {
    child = spawn(name, [...args, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
    const give = performance.now() + START_MS;
    while (!(await listens(port))) {
      if (performance.now() > give) throw new Error(`${name} does not listen on ${port}`);
      await sleep(20);
    }
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  await start();
  // No engine outlives the test that started it.
  process.once('exit', end);
  return {
    url: `redis://127.0.0.1:${port}`,
    ...{ kill, start },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async dispose() {
      process.off('exit', end);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const say = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => say(true));
    socket.once('error', () => say(false));
  });
}
