/**
 * Projectors on stores in memory, for tests of the loop's steps: every statement and every call can be
 * held at, failed and counted.
 */
import type { ProjectorLimits } from '../limits.ts';
import { type Projector, type ProjectorOptions, startProjector } from '../projector.ts';
import { MemoryFences } from './memory-fences.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryWarehouse } from './memory-warehouse.ts';
import { attempt } from './projector-house.ts';

const SWIFT: Partial<ProjectorLimits> = {
  idleMs: 1,
  claimPollMs: 1,
  retryMs: { first: 1, max: 4 },
};

export class MemoryProjectors {
  readonly warehouse = new MemoryWarehouse();
  readonly log: MemoryLog;
  readonly deadLetters: MemoryLog;
  readonly fences = new MemoryFences();
  /** What was logged, with the error that it is about. */
  readonly warnings: string[] = [];
  readonly #started: Projector[] = [];

  constructor(partitions = 4) {
    this.log = new MemoryLog(partitions);
    this.deadLetters = new MemoryLog(partitions);
  }

  /** A projector that `stopAll` stops. */
  async start(
    limits: Partial<ProjectorLimits> = {},
    options: Partial<ProjectorOptions> = {},
  ): Promise<Projector> {
    const { warehouse, log, deadLetters, fences: ledger } = this;
    const logger = {
      warn: (_fields: object, message: string) => void this.warnings.push(message),
      error: (fields: { err?: Error }, message: string) =>
        void this.warnings.push(`${message}: ${fields.err?.message}`),
    };
    const owner = `p${this.#started.length + 1}`;
    const stores = { warehouse, log, deadLetters, ledger, owner, logger };
    const all = { ...SWIFT, ...limits };
    const projector = await startProjector({ ...stores, ...options, limits: all });
    this.#started.push(projector);
    return projector;
  }

  async stopAll(): Promise<void> {
    this.warehouse.before = () => undefined;
    this.log.before = () => undefined;
    for (const projector of this.#started) await projector.stop();
  }

  /** So many records in this partition. */
  append(partition: number, count: number): Promise<unknown> {
    const value = () => Buffer.from(JSON.stringify(attempt()));
    return this.log.append(Array.from({ length: count }, () => ({ partition, value: value() })));
  }

  /** How often this statement has happened. */
  count(statement: string): number {
    return this.warehouse.done.filter((done) => done === statement).length;
  }

  /** Another projector's claim of all partitions, with epochs above all others. */
  claimAll(): Promise<void> {
    const partitions = Array.from({ length: this.log.partitions }, (_, partition) => partition);
    const lines = partitions.map((partition) => `{"log":0,"partition":${partition},"epoch":99}\n`);
    return this.warehouse.insertLines('tollgate.fence', lines.join(''));
  }

  /** Holds the statements of this kind until they are released. */
  hold(statement: string) {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    this.warehouse.before = (next) => {
      if (next !== statement) return undefined;
      reach();
      return held;
    };
    return { reached, release };
  }
}

/** So many turns of the event loop: whatever needs no clock has come to its next wait. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** An assignment that a test changes, and the generations that a projector calls stale. */
export function assignment(generation: number, partitions: number[]) {
  const current = { generation, partitions };
  const renewed: number[] = [];
  const ownership = {
    current: () => ({ ...current }),
    renew: (stale: number) => void renewed.push(stale),
  };
  return { ownership, current, renewed };
}
