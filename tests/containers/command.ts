/**
 * Commands that end when we are told to end. Each runs in a process group of its own: what it
 * started ends with it, and the terminal's Ctrl-C reaches only us.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** Characters of a command's output that its error shows. */
const SAID_CHARS = 3_000;
const OUTPUT_CHARS_MAX = 64_000_000;
/** From a command's end to the end of its output, ms. */
const PIPES_MS = 2_000;
/** From SIGTERM to SIGKILL, ms. */
const GRACE_MS = 5_000;

export type CommandOptions = {
  timeoutMs: number;
  /** Aborted: the command is ended, and rejects. */
  signal?: AbortSignal | undefined;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Gets the output of both streams as it comes. */
  print?: (text: string) => void;
};

/** @returns what it printed; @throws Error with the end of its output if it fails or is late */
export async function command(
  name: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { timeoutMs, signal, env, cwd, print } = options;
  signal?.throwIfAborted();
  const child = spawn(name, [...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < OUTPUT_CHARS_MAX) stdout += text;
    print?.(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SAID_CHARS);
    print?.(text);
  });
  let late = false;
  const onAbort = () => void endGroup(child);
  const timer = setTimeout(() => {
    late = true;
    void endGroup(child);
  }, timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const code = await exitCodeOf(child, name);
    signal?.throwIfAborted();
    if (code === 0) return stdout;
    const why = late ? `not within ${timeoutMs / 1000} s` : `exit ${code}`;
    throw new Error(`${name} ${args[0]}: ${why}: ${`${stdout} ${stderr}`.slice(-SAID_CHARS)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function exitCodeOf(child: ChildProcess, name: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${name} cannot be started`, { cause })));
    child.once('close', (code) => resolve(code));
    // A process that left the group may hold the pipes forever.
    child.once('exit', (code) => setTimeout(() => resolve(code), PIPES_MS).unref());
  });
}

/**
 * SIGTERM for the whole group, then SIGKILL for what is left. Resolves when the group's leader has
 * ended.
 */
export async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
  await gone;
  clearTimeout(timer);
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // The group has ended already, which is what we want.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
