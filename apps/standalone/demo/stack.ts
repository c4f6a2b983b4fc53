/** Starts `npm run stack`, the engines of a distributed installation, as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Stack = {
  /** A `tollgate.yaml` that names the engines. */
  config: string;
  /** What they are, for people. */
  engines: string[];
  stop(): Promise<void>;
};

/** @throws Error if an engine does not start; it has said why on standard error */
export async function startStack(projectors: number): Promise<Stack> {
  const main = fileURLToPath(new URL('../../../tests/engines/stack-main.ts', import.meta.url));
  const args = [main, '--json', '--projectors', String(projectors)];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '16' };
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const child = spawn(process.execPath, args, { stdio, env });
  const exited = once(child, 'exit');
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(() => null),
  ]);
  if (first === null) throw new Error('the engines did not start');
  const { config, engines } = JSON.parse(String(first[0])) as Pick<Stack, 'config' | 'engines'>;
  return {
    config,
    engines,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
