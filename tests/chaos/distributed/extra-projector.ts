/**
 * A projector besides those of the supervisor, as an operator would start one on another machine.
 * Nobody watches its heartbeats, so it may be stopped for longer than its session.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@tollgate/audit/bill/steps.ts';
import { type House, PRELOADED } from '../platform.ts';

const MAIN = fileURLToPath(new URL('../../../apps/projector/main.ts', import.meta.url));

let started = 0;

export class ExtraProjector {
  readonly #child: ChildProcess;
  readonly #output: string;

  private constructor(child: ChildProcess, output: string) {
    this.#child = child;
    this.#output = output;
  }

  /** Resolves when it runs; it owns its partitions a little later. */
  static async start({ data }: House): Promise<ExtraProjector> {
    const output = join(data, 'run', `extra-projector-${++started}.log`);
    const file = openSync(output, 'a', 0o600);
    const config = join(data, 'run', 'config.json');
    const env = { ...process.env, NODE_OPTIONS: PRELOADED, TOLLGATE_SIMULATOR_KEY: 'simulator' };
    const args = [MAIN, '--config', config, '--data', data];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', file, file] });
    closeSync(file);
    const projector = new ExtraProjector(child, output);
    const end = () => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    await until('the extra projector runs', async () => {
      if (!projector.runs) throw new Error(`the extra projector has ended: see ${output}`);
      return projector.said('the projector runs') > 0;
    });
    return projector;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How many lines of its log contain this text. */
  said(message: string): number {
    const needle = `"message":"${message}`;
    return readFileSync(this.#output, 'utf8').split(needle).length - 1;
  }

  /** SIGTERM: it leaves the group. SIGKILL: the group notices when its session ends. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.runs) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}
