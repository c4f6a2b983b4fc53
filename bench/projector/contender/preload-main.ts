/**
 * Loaded into a contender's process before its own program, of whichever tree that is. A contender asks
 * for its CPU usage where its clock starts, and again where it stops; at these two moments this notes
 * what the main thread has had and waited for, and leaves the difference in the file that
 * BENCH_MAIN_THREAD names.
 */
import { writeFileSync } from 'node:fs';
import { mainThreadOf } from '../../harness/process.ts';

const file = process.env['BENCH_MAIN_THREAD'];
const cpuUsage = process.cpuUsage;
let before = mainThreadOf(process.pid);

process.cpuUsage = (previous) => {
  const now = mainThreadOf(process.pid);
  if (previous === undefined) before = now;
  else if (file !== undefined) {
    const mainUs = now.mainUs - before.mainUs;
    const mainWaitUs = now.mainWaitUs - before.mainWaitUs;
    writeFileSync(file, JSON.stringify({ mainUs, mainWaitUs }));
  }
  return cpuUsage.call(process, previous);
};
