/** Processes under measurement: started, asked for their first line of JSON, watched in /proc. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const READY_TIMEOUT_MS = 60_000;
/** Lines of output that an error quotes. */
const LINES_KEPT = 20;
/** Linux reports CPU time in these, 1/100 s on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export type Subject = {
  name: string;
  pid: number;
  /** What it said when it was ready. */
  ready: Record<string, string>;
  stop(): Promise<void>;
};

export type StartOptions = {
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Takes what the process says over its pipe, as a supervisor would; default: it has no pipe. */
  hear?: (message: object, tell: (answer: object) => void) => void;
  /** Whether the first line that matters has come; default: the first line of JSON. */
  ready?: (line: string) => Record<string, string> | null;
};

export async function start(options: StartOptions): Promise<Subject> {
  const { name, command, args, env = process.env, cwd, hear } = options;
  const child = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe', ...(hear === undefined ? [] : (['ipc'] as const))],
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (hear !== undefined) {
    child.on('message', (message: object) => hear(message, (answer) => child.send(answer)));
  }
  const ready = await firstLine(child, name, options.ready ?? jsonLine);
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function jsonLine(line: string): Record<string, string> | null {
  return line.startsWith('{') ? (JSON.parse(line) as Record<string, string>) : null;
}

async function firstLine(
  child: ChildProcess,
  name: string,
  parse: (line: string) => Record<string, string> | null,
): Promise<Record<string, string>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, string>>();
  const last: string[] = [];
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`${name} is not ready within ${READY_TIMEOUT_MS} ms`));
  }, READY_TIMEOUT_MS);
  child.once('error', reject);
  child.once('exit', (code) => {
    reject(new Error(`${name} ended with ${code} before it was ready:\n${last.join('\n')}`));
  });
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) throw new Error(`${name} has no output`);
    createInterface({ input }).on('line', (line) => {
      last.push(line);
      if (last.length > LINES_KEPT) last.shift();
      const parsed = parse(line);
      if (parsed !== null) resolve(parsed);
    });
  }
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

export type Usage = {
  /** CPU seconds of all threads since the start. */
  cpuS: number;
  rssMib: number;
  /** The main thread, since the start, in µs: on a processor, and waiting for one. */
  mainUs: number;
  mainWaitUs: number;
};

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssKib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  return { cpuS: ticks / TICKS_PER_SECOND, rssMib: rssKib / 1024, ...mainThreadOf(pid) };
}

/** Every JavaScript call runs on the main thread: what it costs there is what a call costs. */
export function mainThreadOf(pid: number): Pick<Usage, 'mainUs' | 'mainWaitUs'> {
  const text = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8');
  const [onCpuNs, waitingNs] = text.split(' ').map(Number) as [number, number];
  return { mainUs: onCpuNs / 1000, mainWaitUs: waitingNs / 1000 };
}
