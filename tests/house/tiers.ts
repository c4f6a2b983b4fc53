/**
 * The tiers of tests. A tier is the suffix of a file's name (`money.unit.test.ts`) and a project of
 * vitest. Timeouts hold on two shared cores; one worker where a test needs the whole machine.
 */
export interface Tier {
  readonly name: string;
  readonly timeoutMs: number;
  readonly workers: number;
  /**
   * Whether each file gets a process of its own. To load the modules again for each of a hundred
   * small files took longer than their tests; these files share no state but those modules.
   */
  readonly isolate: boolean;
}

/** In the order in which they run, quickest first. */
export const TIERS: readonly Tier[] = [
  { name: 'unit', timeoutMs: 10_000, workers: 2, isolate: false },
  { name: 'prop', timeoutMs: 30_000, workers: 2, isolate: true },
  { name: 'contract', timeoutMs: 30_000, workers: 2, isolate: true },
  { name: 'int', timeoutMs: 60_000, workers: 2, isolate: true },
  { name: 'e2e', timeoutMs: 180_000, workers: 2, isolate: true },
  { name: 'browser', timeoutMs: 180_000, workers: 1, isolate: true },
  { name: 'containers', timeoutMs: 180_000, workers: 1, isolate: true },
  { name: 'chaos', timeoutMs: 600_000, workers: 1, isolate: true },
];
