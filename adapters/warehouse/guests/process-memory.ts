/** Memory of another process. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const HAS_PROC = existsSync('/proc/self/status');

/** @returns bytes that are in memory; 0 for a process that is no more */
export function rssBytes(pid: number): Promise<number> {
  return HAS_PROC ? rssFromProc(pid) : rssFromPs(pid);
}

export async function rssFromProc(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return kibibytes(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

/** Where there is no /proc. */
export async function rssFromPs(pid: number): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
    return kibibytes(stdout.trim());
  } catch (error) {
    // Its exit code, where it finds no such process.
    if ((error as { code?: unknown }).code === 1) return 0;
    throw error;
  }
}

const kibibytes = (text: string | undefined) => Number(text ?? 0) * 1024;
