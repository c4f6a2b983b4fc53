/** How much processor time another process has had, where the system says it (proc(5), Linux). */
import { readFileSync } from 'node:fs';

/** Clock ticks per second of `/proc`, which is 100 wherever Node runs. */
const TICKS_PER_SECOND = 100;

/** In user and kernel mode together, ms; null where it cannot be known. */
export function cpuTimeMs(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is a name in parentheses, which may have spaces: what counts is behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? (ticks * 1000) / TICKS_PER_SECOND : null;
}
