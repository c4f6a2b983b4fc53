/** Files of a closed period add up to its snapshot on a ClickHouse server too, to the pico-dollar and the token. */
import { openClickhouseWarehouse } from '@tollgate/adapters/warehouse/clickhouse-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import { openPeriod } from '@tollgate/billing-api/closing/open-period.ts';
import {
  attempt,
  type ClosingHouse,
  openClosingHouse,
} from '@tollgate/billing-api/closing/testing/closing-house.ts';
import {
  AFTER_JANUARY,
  billingOf,
  closeAt,
  invoiceOf,
  JANUARY,
} from '@tollgate/billing-api/closing/testing/january.ts';
import { type ApiHouse, openApiHouse } from '@tollgate/billing-api/testing/api-house.ts';
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import type { House } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startClickhouseShim } from '../engines/clickhouse-shim.ts';

let shim: Awaited<ReturnType<typeof startClickhouseShim>>;
let house: ClosingHouse;
let api: ApiHouse;
let invoice: { period_id: string; lines: { cost: string; input_tokens: number }[] };

beforeAll(async () => {
  shim = await startClickhouseShim();
  house = await openClosingHouse(async () => {
    const warehouse = await openClickhouseWarehouse({ url: shim.url });
    await migrate(warehouse);
    return warehouse;
  });
  const stores = { ...house.deps, close: house.close } as unknown as House;
  api = await openApiHouse({ stores, clock: () => house.clock.nowMs });
  const customerId = await house.customer();
  const startMs = parseInstant('2026-01-01T00:00:00.000Z');
  await openPeriod(house.deps, { customerId, startMs, timeZone: null, anchorDay: null });
  const stranger = await house.customer();
  await house.append(
    attempt(customerId, JANUARY, { cost: '1.000000000001' }),
    attempt(customerId, JANUARY, { cost: '0.333333333333', model_served: 'mini', end_user: 'ä' }),
    attempt(stranger, JANUARY, { cost: '7.000000000000' }),
  );
  await closeAt(house, AFTER_JANUARY, customerId);
  invoice = (await invoiceOf(house, await billingOf(house, customerId), 1)).body;
});

afterAll(async () => {
  await api?.close();
  await shim?.dispose();
});

async function file(kind: 'csv' | 'parquet'): Promise<Buffer> {
  const path = `/v1/periods/${invoice.period_id}/events.${kind}`;
  const { url } = (await api.post<{ url: string }>('/v1/links', { path })).json;
  return (await api.api.app.inject({ method: 'GET', url })).rawPayload;
}

function frozen() {
  const cost = invoice.lines.reduce((sum, line) => sum + parseDecimal(line.cost, 12), 0n);
  const tokens = invoice.lines.reduce((sum, line) => sum + line.input_tokens, 0);
  return [cost, tokens];
}

it('I4: a Parquet file', async () => {
  const text = (await file('parquet')).toString('base64');
  const [sum] = await house.deps.warehouse.query<{ cost: string; tokens: string }>(
    `SELECT toDecimalString(sum(cost), 12) AS cost, toString(sum(input_tokens)) AS tokens
     FROM format(Parquet, base64Decode('${text}'))`,
  );
  expect([parseDecimal(sum?.cost ?? '0', 12), Number(sum?.tokens)]).toEqual(frozen());
  expect(frozen()).toEqual([1_333_333_333_334n, 2_000]);
});

it('I4: a CSV file', async () => {
  const [header = '', ...lines] = (await file('csv')).toString().split('\r\n').slice(0, -1);
  const names = header.split(',');
  const column = (name: string) => lines.map((line) => line.split(',')[names.indexOf(name)] ?? '');
  const cost = column('cost').reduce((sum, one) => sum + parseDecimal(one, 12), 0n);
  const tokens = column('input_tokens').reduce((sum, one) => sum + Number(one), 0);
  expect([cost, tokens]).toEqual(frozen());
});
