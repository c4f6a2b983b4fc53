/**
 * The tiers of tests. A tier is the suffix of a file's name (`money.unit.test.ts`) and a project of
 * vitest. Timeouts hold on two shared cores; one worker where a test needs the whole machine.
 */
export interface Tier {
  readonly name: string;
  readonly timeoutMs: number;
  /** Tiers of one group run together, so that one long file does not leave a worker without work. */
  readonly group: number;
  readonly workers: number;
  /**
   * Whether each file gets a process of its own. To load the modules again for each of a hundred
   * files, and to run them before V8 has optimised them, took longer than many of their tests. Files
   * share no state but those modules: each opens its stores in a folder of its own, and closes them.
   */
  readonly isolate: boolean;
}

/** In the order of their groups, quickest first. */
export const TIERS: readonly Tier[] = [
  { name: 'unit', timeoutMs: 10_000, group: 0, workers: 2, isolate: false },
  { name: 'prop', timeoutMs: 30_000, group: 0, workers: 2, isolate: false },
  { name: 'contract', timeoutMs: 30_000, group: 0, workers: 2, isolate: true },
  { name: 'int', timeoutMs: 60_000, group: 1, workers: 2, isolate: false },
  { name: 'e2e', timeoutMs: 180_000, group: 2, workers: 2, isolate: true },
  { name: 'browser', timeoutMs: 180_000, group: 3, workers: 1, isolate: true },
  { name: 'containers', timeoutMs: 180_000, group: 4, workers: 1, isolate: true },
  { name: 'chaos', timeoutMs: 600_000, group: 5, workers: 1, isolate: true },
];
