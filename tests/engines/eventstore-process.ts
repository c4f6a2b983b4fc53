/** Starts the STAND-IN for EventStoreDB as a process of its own, with a durable file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, 'eventstore-stand-in-main.ts');

export type EventStoreProcess = {
  readonly connectionString: string;
  /** SIGKILL, in the middle of whatever runs. */
  kill(): Promise<void>;
  /** On the same port and file again. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Where its file is. */
  readonly folder: string;
  /** Ends it and removes its file. */
  dispose(): Promise<void>;
};

export async function startEventStoreProcess(): Promise<EventStoreProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-eventstore-'));
  const args = [MAIN, '--data', join(folder, 'events.jsonl')];
  let { child, connectionString } = await startProcess(args);
  const port = new URL(connectionString).port;
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return {
    connectionString,
    kill,
    async start() {
      ({ child, connectionString } = await startProcess([...args, '--port', port]));
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    folder,
    async dispose() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startProcess(args: string[]) {
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const child: ChildProcess = spawn(process.execPath, args, { stdio });
  // Nothing outlives whoever asked for it.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { connectionString } = JSON.parse(line) as { connectionString: string };
    return { child, connectionString };
  }
  throw new Error('the stand-in did not start: see its message above');
}
