/** What is typed into a terminal, and what it shows. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './hour.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export class Terminal {
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';
  readonly exited: Promise<number | null>;

  /** As a shell does it: a process group of its own, which Ctrl-C goes to. */
  constructor(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const [program = '', ...words] = command;
    // A key of the person who runs this must not lead to a real provider.
    const { OPENAI_API_KEY: _, OPENAI_BASE_URL: __, ...own } = process.env;
    const env = { ...own, ...environment };
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(program, words, { cwd: ROOT, env, detached: true, stdio });
    child.stdout.on('data', (data) => (this.#output += data));
    child.stderr.on('data', (data) => (this.#errors += data));
    this.#child = child;
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code));
    });
  }

  get output(): string {
    return this.#output;
  }

  get errors(): string {
    return this.#errors;
  }

  get errorLines(): string[] {
    return this.#errors.split('\n').filter((line) => line.trim() !== '');
  }

  /** @throws Error with what it said, if it ends before it shows that */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    let ended = false;
    const noteEnd = () => {
      ended = true;
    };
    this.exited.then(noteEnd, noteEnd);
    return until(`it shows ${pattern}`, () => {
      const found = pattern.exec(this.#output);
      if (found !== null) return found;
      if (ended) throw new Error(`it ended and said: ${this.#output}${this.#errors}`);
      return undefined;
    });
  }

  /** Ctrl-C: to all that the terminal started. */
  interrupt(): void {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGINT');
  }
}

/** Types a command and waits for its end. */
export async function typed(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string; errors: string; errorLines: string[] }> {
  const terminal = new Terminal(command, environment);
  const code = await terminal.exited;
  const { output, errors, errorLines } = terminal;
  return { code, output, errors, errorLines };
}

/** Of what runs with the folder on its command line: every process of the product has it there. */
export function processesOn(folder: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(folder))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid);
}
