/**
 * Roll-ups (docs/design.md, Roll-ups): a closed bucket is computed again from all of its counted
 * raw rows, and the result replaces the one before. First the roll-up, then the mark, then the
 * seam, so that a reader sees each bucket once. I5: a roll-up is the sum of the counted rows,
 * whatever order they came in.
 */
import { rollupVersion } from '@tollgate/adapters/warehouse/queries/buckets.ts';
import {
  createRollupTable,
  dirtyBuckets,
  dropRollupTable,
  type RollupWork,
  readSeams,
  rollUp,
  rollupTableOf,
  writeSeams,
} from '@tollgate/adapters/warehouse/queries/roll-up.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { nextSeam, type Seam } from './seam.ts';

export type RollupDeps = {
  warehouse: Warehouse;
  log: number;
  /** Unique among the projectors of this warehouse. */
  name: string;
  bucketsMax: number;
};

/** Epoch and exclusive end of what is in raw, per partition. */
export type RollupState = {
  epochs: ReadonlyMap<number, bigint>;
  next: ReadonlyMap<number, bigint>;
};

export class Rollup {
  readonly #deps: RollupDeps;
  readonly #work: string;
  #seam: Seam = { newestS: 0, isLevel: true };

  constructor(deps: RollupDeps) {
    this.#deps = deps;
    this.#work = rollupTableOf(deps.name);
  }

  async open(): Promise<void> {
    await this.drop();
    await createRollupTable(this.#deps.warehouse, this.#work);
  }

  /** From now on these partitions are rolled up here, each from its own seam on. */
  async own(partitions: readonly number[]): Promise<void> {
    const { warehouse, log } = this.#deps;
    if (partitions.length === 0) return;
    // Every partition gets a seam. Up to one that another clock has moved ahead, all is rolled up.
    await writeSeams(warehouse, log, partitions, 0);
    const { newestS, oldestS } = await readSeams(warehouse, log, partitions);
    this.#seam = { newestS, isLevel: oldestS === newestS };
  }

  drop(): Promise<void> {
    return dropRollupTable(this.#deps.warehouse, this.#work);
  }

  /** One pass. @returns true if nothing is left to do before the next bucket closes */
  async pass(state: RollupState, nowMs: number): Promise<boolean> {
    const { seamS, moves } = nextSeam(this.#seam, nowMs);
    const dirty = await this.#dirtyBelow(seamS, state);
    if (dirty.length > 0) {
      await rollUp(this.#deps.warehouse, this.#work, dirty);
      if (dirty.length >= this.#deps.bucketsMax) return false;
    }
    if (moves) await this.#moveSeam(seamS, state);
    return true;
  }

  async #dirtyBelow(seamS: number, { epochs, next }: RollupState): Promise<RollupWork[]> {
    const { warehouse, log, bucketsMax: limit } = this.#deps;
    const where = { partitions: [...epochs.keys()], belowS: seamS, limit };
    const dirty = await dirtyBuckets(warehouse, log, where);
    return dirty.map((bucket) => ({
      log,
      ...bucket,
      version: rollupVersion(log, next.get(bucket.partition) ?? 0n),
      epoch: epochs.get(bucket.partition) ?? 0n,
    }));
  }

  async #moveSeam(seamS: number, { epochs }: RollupState): Promise<void> {
    const { warehouse, log } = this.#deps;
    await writeSeams(warehouse, log, [...epochs.keys()], seamS);
    this.#seam = { newestS: seamS, isLevel: true };
  }
}
