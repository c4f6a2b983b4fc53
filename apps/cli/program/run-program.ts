/** Programs of ours that take over the terminal: this process waits, and ends as they do. */
import { spawn } from 'node:child_process';
import type { Environment } from '../surroundings.ts';

export function runProgram(args: readonly string[], environment: Environment): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { stdio: 'inherit', env: environment });
    // A terminal sends Ctrl-C to both: the one that works decides what comes of it, and how fast.
    process.removeAllListeners('SIGINT');
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
