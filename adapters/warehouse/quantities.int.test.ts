/** One list (domain/usage/quantities.ts), and everything that follows from it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unknownOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { finishedText } from '@tollgate/domain/usage/event/event-text.ts';
import {
  firstQuantityNames,
  perQuantity,
  quantityNames,
} from '@tollgate/domain/usage/quantities.ts';
import { collectorData } from '@tollgate/schemas/event/cloudevent.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import { usageRow } from '@tollgate/schemas/http/usage.ts';
import { billLine } from '@tollgate/schemas/ledger/ledger-events.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdbWarehouse } from './chdb-warehouse.ts';
import { migrate } from './migrate.ts';
import type { Warehouse } from './warehouse.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-quantities-'));
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
  await migrate(warehouse);
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const listed = [...quantityNames].sort();
const isListed = (name: string) => (quantityNames as readonly string[]).includes(name);

describe('every quantity of the list', () => {
  it.each([
    ['raw_usage', 'Nullable(Int64)'],
    ['rollup_15m', 'Int64'],
    ['usage_events', 'Nullable(Int64)'],
    ['usage_quarter_hourly', 'Int64'],
    ['usage_hourly', 'Int64'],
    ['usage_daily', 'Int64'],
  ])('is a column of %s, of type %s', async (table, type) => {
    const columns = await warehouse.query<{ name: string; type: string }>(
      `SELECT name, type FROM system.columns
       WHERE database = 'tollgate' AND table = {table:String} ORDER BY name`,
      { table },
    );
    expect(columns.filter(({ name }) => isListed(name))).toEqual(
      listed.map((name) => ({ name, type })),
    );
  });

  it.each([
    ['usage events', usageEvent],
    ['lines of provider bills', billLine],
    ['rows of GET /v1/usage', usageRow],
    ['data of POST /v1/events', collectorData],
  ])('is a field of the %s', (_what, { shape }) => {
    expect(Object.keys(shape).filter(isListed).sort()).toEqual(listed);
  });

  it('is written into the text of an attempt, in the order of the list', () => {
    const outcome = unknownOutcome('2026-11-01T00:00:00.000Z');
    const of = (used: object) =>
      Object.keys(JSON.parse(finishedText('{"id":"x"}', { ...outcome, ...used }))).filter(isListed);
    expect(of(perQuantity(() => 7))).toEqual(quantityNames);
    // Of a later one, only what there is.
    expect(of(perQuantity(() => 0))).toEqual(firstQuantityNames);
    expect(of({})).toEqual(firstQuantityNames);
  });
});
