/** What every process of ours says of itself, under the names that Prometheus' clients agree on. */
import { readdirSync } from 'node:fs';
import { releaseVersion } from '../process/release-version.ts';
import { type Family, labelsOf, single } from './families.ts';

export function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { active, idle } = performance.eventLoopUtilization();
  const families: Family[] = [
    {
      name: 'tollgate_build_info',
      type: 'gauge',
      help: 'Always 1; the label has the release of the process.',
      samples: [['', labelsOf({ version: releaseVersion }), 1]],
    },
    single(
      'process_cpu_seconds_total',
      'counter',
      'Processor time of all threads, user and system, in seconds.',
      (user + system) / 1e6,
    ),
    single(
      'process_start_time_seconds',
      'gauge',
      'When the process was started, in seconds since 1970.',
      performance.timeOrigin / 1000,
    ),
    single('process_resident_memory_bytes', 'gauge', 'Resident memory, in bytes.', rss),
    single(
      'nodejs_heap_size_used_bytes',
      'gauge',
      'JavaScript heap that is in use, in bytes.',
      heapUsed,
    ),
    single(
      'nodejs_heap_size_total_bytes',
      'gauge',
      'JavaScript heap that is reserved, in bytes.',
      heapTotal,
    ),
    single(
      'nodejs_external_memory_bytes',
      'gauge',
      'Memory outside of the heap that JavaScript objects own, in bytes.',
      external,
    ),
    single(
      'nodejs_eventloop_active_seconds_total',
      'counter',
      'Time in which the event loop worked, in seconds; its share is the use of the one thread that serves.',
      active / 1000,
    ),
    single(
      'nodejs_eventloop_idle_seconds_total',
      'counter',
      'Time in which the event loop waited for something to do, in seconds.',
      idle / 1000,
    ),
  ];
  const handles = openHandles();
  if (handles !== null) {
    families.push(
      single('process_open_fds', 'gauge', 'Open file descriptors, sockets among them.', handles),
    );
  }
  return families;
}

/** Null where the system does not say it. */
function openHandles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return null;
  }
}
