/**
 * The tiers of tests. A tier is the suffix of a file's name (`money.unit.test.ts`) and a project of
 * vitest. Timeouts hold on two shared cores; one worker where a test starts processes of its own.
 */
export interface Tier {
  readonly name: string;
  readonly timeoutMs: number;
  readonly workers: number;
}

/** In the order in which they run, quickest first. */
export const TIERS: readonly Tier[] = [
  { name: 'unit', timeoutMs: 10_000, workers: 2 },
  { name: 'prop', timeoutMs: 10_000, workers: 2 },
  { name: 'contract', timeoutMs: 30_000, workers: 2 },
  { name: 'int', timeoutMs: 60_000, workers: 2 },
  { name: 'e2e', timeoutMs: 180_000, workers: 1 },
  { name: 'browser', timeoutMs: 180_000, workers: 1 },
  { name: 'containers', timeoutMs: 180_000, workers: 1 },
  { name: 'chaos', timeoutMs: 600_000, workers: 1 },
];
