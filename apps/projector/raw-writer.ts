/**
 * The writes of one projector to the warehouse (docs/design.md, The fence): stage, mark, insert
 * through the fence, count what was inserted. The statements are the warehouse's
 * (adapters/warehouse/queries).
 */
import {
  countInserted,
  insertStaged,
  markDirty,
} from '@tollgate/adapters/warehouse/queries/raw-insert.ts';
import {
  type CountedRow,
  clearStage,
  countedRows,
  createStage,
  dropStage,
  type Stage,
  stageOf,
  stageRows,
} from '@tollgate/adapters/warehouse/queries/staging.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { ProjectedRow } from './projection.ts';
import { linesOf } from './row-lines.ts';

/** Two staging areas: one is filled while the other one is inserted. */
export type Slot = 0 | 1;

export type Range = { partition: number; first: bigint; last: bigint };

export class RawWriter {
  readonly #warehouse: Warehouse;
  readonly #log: number;
  readonly #stages: Readonly<Record<Slot, Stage>>;

  /** @param name unique among the projectors of this warehouse; letters, digits and _ */
  constructor(warehouse: Warehouse, log: number, name: string) {
    this.#warehouse = warehouse;
    this.#log = log;
    this.#stages = { 0: stageOf(name, 0), 1: stageOf(name, 1) };
  }

  async open(): Promise<void> {
    await this.drop();
    for (const stage of this.#all()) await createStage(this.#warehouse, stage);
  }

  async drop(): Promise<void> {
    for (const stage of this.#all()) await dropStage(this.#warehouse, stage);
  }

  #all(): Stage[] {
    return [this.#stages[0], this.#stages[1]];
  }

  clear(slot: Slot): Promise<void> {
    return clearStage(this.#warehouse, this.#stages[slot]);
  }

  /** The counted rows that have one of these keys. The slot is clear. */
  counted(slot: Slot, keys: ReadonlySet<string>): Promise<Map<string, CountedRow>> {
    return countedRows(this.#warehouse, this.#stages[slot], keys);
  }

  /** Into a slot without rows. @throws WarehouseError if the engine cannot read a row: none is staged */
  async stage(
    slot: Slot,
    rows: readonly ProjectedRow[],
    epochs: ReadonlyMap<number, bigint>,
  ): Promise<void> {
    await stageRows(this.#warehouse, this.#stages[slot], linesOf(this.#log, rows, epochs));
  }

  /** Before the raw rows, so that no bucket can change without being known as changed. */
  markDirty(slot: Slot): Promise<void> {
    return markDirty(this.#warehouse, this.#stages[slot]);
  }

  insertStaged(slot: Slot): Promise<void> {
    return insertStaged(this.#warehouse, this.#stages[slot]);
  }

  /** How many rows of these ranges exist with these epochs. */
  countOwn(ranges: readonly Range[], epochs: ReadonlyMap<number, bigint>): Promise<number> {
    const own = ranges.map((range) => ({ ...range, epoch: epochs.get(range.partition) ?? 0n }));
    return countInserted(this.#warehouse, this.#log, own);
  }
}
