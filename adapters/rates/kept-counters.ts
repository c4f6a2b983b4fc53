/**
 * The counters of the embedded store over a restart. An orderly end leaves them in a file; a start
 * that finds none of an earlier run, although there was one, knows nothing of windows that have begun.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type KeptCounter, RateCounters } from './rate-counters.ts';

export type KeptCounters = {
  counters: RateCounters;
  /** No counter may change afterwards. */
  keep(): void;
};

const RUNNING = JSON.stringify({ running: true });

export function openKeptCounters(path: string, clock: () => number): KeptCounters {
  const earlier = readEarlier(path);
  const counters = new RateCounters(clock, earlier === 'lost' ? clock() : undefined);
  if (Array.isArray(earlier)) counters.restore(earlier);
  writeFileSync(path, RUNNING, { mode: 0o600 });
  const keep = () => {
    writeFileSync(path, JSON.stringify({ counters: counters.kept() }), { mode: 0o600 });
  };
  return { counters, keep };
}

function readEarlier(path: string): KeptCounter[] | 'none' | 'lost' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw error;
  }
  try {
    return (JSON.parse(text) as { counters?: KeptCounter[] }).counters ?? 'lost';
  } catch {
    // Cut by a crash while it was written.
    return 'lost';
  }
}
