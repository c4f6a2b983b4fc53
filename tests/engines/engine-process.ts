/** An engine for tests as a process of its own. Its folder survives when the process is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

export type EngineProcess = {
  /** Its address, from the first line that it printed. */
  readonly address: string;
  /** Where its data is. */
  readonly folder: string;
  /** SIGKILL, in the middle of whatever it is doing. */
  kill(): Promise<void>;
  /** On the same port and data again. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its folder. */
  dispose(): Promise<void>;
};

export type EngineCommand = {
  main: string;
  args: readonly string[];
  folder: string;
  /** The member of its first line that holds its URL. */
  addressMember: string;
};

export async function startEngineProcess(command: EngineCommand): Promise<EngineProcess> {
  const { folder } = command;
  let { child, address } = await startOnce(command, []);
  const { port } = new URL(address);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return {
    address,
    folder,
    kill,
    async start() {
      ({ child, address } = await startOnce(command, ['--port', port]));
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async dispose() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startOnce({ main, args, addressMember }: EngineCommand, more: readonly string[]) {
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '16' };
  const child: ChildProcess = spawn(process.execPath, [main, ...args, ...more], { env, stdio });
  // No engine outlives the test that started it.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const address = (JSON.parse(line) as Record<string, string>)[addressMember];
    if (address !== undefined) return { child, address };
  }
  throw new Error(`${main} did not start: see its message above`);
}
