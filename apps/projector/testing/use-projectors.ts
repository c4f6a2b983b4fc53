/**
 * Projectors on the real embedded stores, for the tests of a file: new stores for each test, and one
 * warehouse for all of them, emptied in between, because an engine takes two seconds to open.
 */
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Projector } from '../projector.ts';
import { type House, openHouse, openOwnWarehouse } from './projector-house.ts';

export class Projectors {
  readonly house: House;
  readonly #started: Projector[] = [];

  constructor(house: House) {
    this.house = house;
  }

  /** A projector that is stopped when the test ends. */
  async start(...options: Parameters<House['start']>): Promise<Projector> {
    const projector = await this.house.start(...options);
    this.#started.push(projector);
    return projector;
  }

  async stopAll(): Promise<void> {
    for (const projector of this.#started) await projector.stop();
  }

  /** Waits until every record has its row, within a deadline that only a defect reaches. */
  async settled(): Promise<void> {
    const { log, warehouse, warnings } = this.house;
    const total = (await log.ends()).reduce((sum, end) => sum + end, 0n);
    const deadlineMs = Date.now() + 20_000;
    for (;;) {
      const [row] = await warehouse.query<{ n: string }>(
        'SELECT count() AS n FROM tollgate.raw_usage',
      );
      if (BigInt(row?.n ?? 0) >= total) return;
      if (Date.now() > deadlineMs) throw new Error(`no rows: ${warnings.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** How many rows have each disposition. */
  dispositions(): Promise<{ d: string; n: string }[]> {
    return this.house.warehouse.query<{ d: string; n: string }>(
      `SELECT toString(disposition) AS d, count() AS n FROM tollgate.raw_usage
       GROUP BY d ORDER BY d`,
    );
  }

  /** The offsets that have rows, each as often as it has one. */
  async offsets(): Promise<number[]> {
    const rows = await this.house.warehouse.query<{ o: string }>(
      'SELECT toString(`offset`) AS o FROM tollgate.raw_usage ORDER BY `offset`',
    );
    return rows.map(({ o }) => Number(o));
  }
}

/** @returns the projectors of the test that runs */
export function useProjectors(): () => Projectors {
  let warehouse: Warehouse;
  let projectors: Projectors;
  beforeAll(async () => {
    warehouse = await openOwnWarehouse();
  });
  beforeEach(async () => {
    projectors = new Projectors(await openHouse(4, warehouse));
  });
  afterEach(async () => {
    await projectors.stopAll();
    await projectors.house.close();
    await emptyTables(warehouse);
  });
  afterAll(() => warehouse.close());
  return () => projectors;
}

async function emptyTables(warehouse: Warehouse): Promise<void> {
  const tables = await warehouse.query<{ name: string }>(
    `SELECT name FROM system.tables
     WHERE database = 'tollgate' AND name != 'migration' AND total_rows > 0`,
  );
  for (const { name } of tables) await warehouse.command(`TRUNCATE TABLE tollgate.${name}`);
}
