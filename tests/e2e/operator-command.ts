/** `npm run tollgate -- COMMAND`, as an operator types it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../apps/cli/main.ts', import.meta.url));

/** @returns its exit code and its output, standard error included */
export async function operatorCommand(...args: string[]): Promise<[number, string]> {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '16' };
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const [code] = (await once(child, 'exit')) as [number];
  return [code, said.trimEnd()];
}

export function lastLineOf(said: string): string {
  return said.split('\n').at(-1) ?? '';
}
