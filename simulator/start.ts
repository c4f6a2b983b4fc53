/**
 * Starts the simulator as a child process, for tests and the demo. The simulator ends with its
 * parent, even if the parent is killed: its standard input is a pipe that the parent holds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BillLine } from './bill/bill-line.ts';
import { limits } from './limits.ts';

export type { BillLine } from './bill/bill-line.ts';

export type RunningSimulator = {
  /** Without `/v1`; an SDK's base URL is `${url}/v1`. */
  readonly url: string;
  readonly billPath: string;
  readonly pid: number;
  /** Sends a signal; for SIGKILL and SIGTERM it resolves when the process is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** SIGTERM, then SIGKILL when it does not end in time (which is an error). */
  readonly stop: () => Promise<void>;
  /** All whole lines in the bill file now; works after the process is gone too. */
  readonly bill: () => Promise<BillLine[]>;
};

/** Resolves when the simulator listens; rejects, with its messages, when it does not in time. */
export async function startSimulator(options: {
  readonly billPath: string;
  readonly port?: number;
}): Promise<RunningSimulator> {
  const { billPath, port = 0 } = options;
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const flags = ['--json', '--until-stdin-closes', '--bill', billPath, '--port', String(port)];
  const stdio: ['pipe', 'pipe', 'pipe'] = ['pipe', 'pipe', 'pipe'];
  // A process group of its own: Ctrl-C in a terminal must not end it before the calls it serves.
  const child = spawn(process.execPath, [main, ...flags], { stdio, detached: true });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await readyUrl(child);
  if (child.pid === undefined) throw new Error('the simulator has no process id');
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await exited;
  };
  return {
    url,
    billPath,
    pid: child.pid,
    kill,
    stop: () => stopInTime(child, exited),
    bill: () => readBill(billPath),
  };
}

async function readyUrl(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the simulator has no output pipes');
  let messages = '';
  // Only the beginning is kept for an error message; the pipe is read on, or it would block.
  stderr.on('data', (data: Buffer) => {
    if (messages.length < limits.billLineBytesMax) messages += data.toString('utf8');
  });
  const signal = AbortSignal.timeout(limits.startMsMax);
  const lines = createInterface({ input: stdout });
  try {
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`it exited with code ${String(code)}`);
    });
    const ready = once(lines, 'line', { signal });
    const [line] = (await Promise.race([ready, ended])) as [string];
    ended.catch(() => undefined);
    return (JSON.parse(line) as { url: string }).url;
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`the simulator did not start: ${messages}`, { cause });
  } finally {
    lines.close();
    stdout.resume();
  }
}

async function stopInTime(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limits.stopMsMax);
  child.kill('SIGTERM');
  // A stopped process sees SIGTERM only after it resumes.
  child.kill('SIGCONT');
  await exited;
  clearTimeout(timer);
  if (late) throw new Error('the simulator did not end after SIGTERM');
}

async function readBill(path: string): Promise<BillLine[]> {
  const text = await readFile(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BillLine);
}
