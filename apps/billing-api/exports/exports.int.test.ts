/** Files of the API over the real embedded stores: by token and by signed link. */
import { gunzipSync } from 'node:zlib';
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import type { House } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPeriod } from '../closing/open-period.ts';
import { attempt, type ClosingHouse, openClosingHouse } from '../closing/testing/closing-house.ts';
import {
  AFTER_JANUARY,
  billingOf,
  closeAt,
  invoiceOf,
  JANUARY,
} from '../closing/testing/january.ts';
import { publishRates } from '../exchange-rates/publish-rates.ts';
import { type ApiHouse, openApiHouse } from '../testing/api-house.ts';
import { focusFaults } from './testing/focus-check.ts';

let house: ClosingHouse;
let api: ApiHouse;
let invoice: { id: string; period_id: string; total_minor: number };
const NAME = '=cmd|"model"';

beforeAll(async () => {
  house = await openClosingHouse();
  const stores = { ...house.deps, close: house.close } as unknown as House;
  api = await openApiHouse({ stores, clock: () => house.clock.nowMs });
  const customerId = await house.customer({ currency: 'JPY' });
  const startMs = parseInstant('2026-01-01T00:00:00.000Z');
  await openPeriod(house.deps, { customerId, startMs, timeZone: null, anchorDay: null });
  const stranger = await house.customer();
  await house.append(
    attempt(customerId, JANUARY, { cost: '1.000000000001' }),
    attempt(customerId, JANUARY, { cost: '0.333333333333', model_served: NAME, end_user: '+1' }),
    attempt(customerId, JANUARY, { cost: '0.000000000007', model_served: 'mini' }),
    attempt(stranger, JANUARY, { cost: '7.000000000000' }),
  );
  const table = {
    ...{ version: 'xrt_1', source: 'ecb', origin: 'published' as const, base: 'USD' },
    ...{ as_of: '2026-01-31T00:00:00.000Z', valid_until: '2026-02-07T00:00:00.000Z' },
    rates: [{ currency: 'JPY', rate: '149.3' }],
  };
  await publishRates(house.deps.ledger, table, 100);
  await closeAt(house, AFTER_JANUARY, customerId);
  invoice = (await invoiceOf(house, await billingOf(house, customerId), 1)).body;
});
afterAll(() => api?.close());

/** Without a token, unless it says so. */
const fetched = (url: string, headers: Record<string, string> = {}) =>
  api.api.app.inject({ method: 'GET', url, headers });

const linkTo = async (path: string, more: object = {}): Promise<string> =>
  (await api.post<{ url: string }>('/v1/links', { path, ...more })).json.url;

/** Rows of a CSV whose fields have no line breaks. */
function rowsOf(text: string): Record<string, string>[] {
  const [header = '', ...lines] = text.split('\r\n').slice(0, -1);
  const names = header.split(',');
  return lines.map((line) => {
    const fields = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = '']) =>
      field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
    );
    return Object.fromEntries(names.map((name, index) => [name, fields[index] ?? '']));
  });
}

describe('the lines of an invoice as CSV', () => {
  it('add up to its total, cost the exact dollars, and cannot be formulas', async () => {
    const answer = await fetched(await linkTo(`/v1/invoices/${invoice.id}/lines.csv`));
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
    ]);
    const rows = rowsOf(answer.body);
    const minor = rows.reduce((sum, row) => sum + Number(row['amount_minor']), 0);
    // 1.333333333341 USD and a fifth, at 149.3 yen.
    expect([minor, invoice.total_minor]).toEqual([239, 239]);
    const cost = rows.reduce((sum, row) => sum + parseDecimal(row['cost_usd'] ?? '', 12), 0n);
    expect(cost).toBe(1_333_333_333_341n);
    expect(rows.map((row) => row['amount'])).toEqual(rows.map((row) => row['amount_minor']));
    expect(rows.map((row) => row['model'])).toContain(`'${NAME}`);
    expect(new Set(rows.map((row) => row['currency']))).toEqual(new Set(['JPY']));
  });

  it('are packed for those who take it, and the same then', async () => {
    const url = await linkTo(`/v1/invoices/${invoice.id}/lines.csv`);
    const plain = await fetched(url, { 'accept-encoding': 'gzip;q=0, *' });
    const packed = await fetched(url, { 'accept-encoding': 'br, gzip' });
    expect([plain.headers['content-encoding'], packed.headers['content-encoding']]).toEqual([
      undefined,
      'gzip',
    ]);
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
  });
});

describe('the events of a period', () => {
  const path = () => `/v1/periods/${invoice.period_id}/events`;

  it('as CSV are those of its customer, and add up to the snapshot to the pico-dollar (I4, I10)', async () => {
    const rows = rowsOf((await fetched(await linkTo(`${path()}.csv`))).body);
    const cost = rows.reduce((sum, row) => sum + parseDecimal(row['cost'] || '0', 12), 0n);
    expect([rows.length, cost]).toEqual([3, 1_333_333_333_341n]);
    expect(rows.map((row) => row['end_user'])).toContain("'+1");
    expect(rows.map((row) => row['input_tokens'])).toEqual(['1000', '1000', '1000']);
    expect(rows[0]?.['time']).toBe(JANUARY);
  });

  it('go on where they broke off: the parts are the whole, in pages of any size', async () => {
    const limits = api.api.context.limits as { exportPageEvents: number };
    limits.exportPageEvents = 2;
    const url = await linkTo(`${path()}.csv`, { query: { escape: 'none' } });
    const whole = (await fetched(url)).body;
    const lines = whole.split('\r\n').slice(0, -1);
    for (let taken = 2; taken <= lines.length; taken++) {
      const part = lines.slice(0, taken).map((line) => `${line}\r\n`);
      const after = (lines[taken - 1] ?? '').split(',').at(-1) ?? '';
      expect(part.join('') + (await fetched(`${url}&after=${after}`)).body).toBe(whole);
    }
    limits.exportPageEvents = 5_000;
  });

  it('as Parquet add up to the same, exactly', async () => {
    const answer = await fetched(await linkTo(`${path()}.parquet`));
    expect(answer.headers['content-type']).toBe('application/vnd.apache.parquet');
    const text = answer.rawPayload.toString('base64');
    const [sum] = await house.deps.warehouse.query(
      `SELECT toDecimalString(sum(cost), 12) AS cost, toString(count()) AS events,
         toString(sum(input_tokens)) AS tokens FROM format(Parquet, base64Decode('${text}'))`,
    );
    expect(sum).toEqual({ cost: '1.333333333341', events: '3', tokens: '3000' });
  });

  it('of a period that is not closed are refused by name', async () => {
    const { json } = await api.get<{ data: { id: string; status: string }[] }>('/v1/periods');
    const open = json.data.find(({ status }) => status === 'open');
    for (const kind of ['csv', 'parquet']) {
      const refused = await fetched(await linkTo(`/v1/periods/${open?.id}/events.${kind}`));
      expect([refused.statusCode, refused.json().code]).toEqual([409, 'period_not_closed']);
    }
  });

  it('that do not add up to the snapshot break off, so that the file never looks whole', async () => {
    const { warehouse } = api.api.context;
    const query = warehouse.query.bind(warehouse);
    warehouse.query = async (sql, params) => (await query(sql, params)).slice(0, -1) as never;
    const answer = await fetched(await linkTo(`${path()}.csv`)).catch(() => 'broken off');
    warehouse.query = query;
    expect(answer).toBe('broken off');
  });
});

describe('an invoice in FOCUS 1.2', () => {
  it('has every mandatory column with its type, and adds up to the total', async () => {
    const answer = await fetched(
      await linkTo(`/v1/invoices/${invoice.id}/focus.csv`, { query: { issuer: 'Example AG' } }),
    );
    const rows = rowsOf(answer.body);
    const columns = (answer.body.split('\r\n')[0] ?? '').split(',');
    expect(focusFaults(columns, rows)).toEqual([]);
    const billed = rows.reduce((sum, row) => sum + Number(row['BilledCost']), 0);
    expect(billed).toBe(invoice.total_minor);
    expect(rows[0]).toMatchObject({
      ...{ BillingCurrency: 'JPY', InvoiceIssuerName: 'Example AG', ConsumedUnit: 'Tokens' },
      ...{ BillingPeriodStart: '2026-01-01T00:00:00Z', ChargePeriodEnd: '2026-02-01T00:00:00Z' },
    });
  });

  it('would be found wrong without a column, with an empty one, or another form', () => {
    expect(focusFaults(['BilledCost', 'Cost'], [{ BilledCost: '1e3', Cost: '1' }])).toEqual(
      expect.arrayContaining([
        'ListCost is missing',
        'Cost is not a column',
        'BilledCost of row 0 is no Decimal: 1e3',
      ]),
    );
    expect(focusFaults(['ServiceName'], [{ ServiceName: '' }])).toContain(
      'ServiceName of row 0 is null',
    );
    expect(focusFaults(['ChargeClass'], [{ ChargeClass: 'Late' }])).toContain(
      'ChargeClass of row 0 may not be Late',
    );
  });
});

describe('I10: a signed link', () => {
  it('opens its file without a token, and no other file or path', async () => {
    const url = await linkTo(`/v1/invoices/${invoice.id}/lines.csv`);
    const query = url.slice(url.indexOf('?'));
    const codes = [
      await fetched(url),
      await fetched(`/v1/invoices/inv_other/lines.csv${query}`),
      await fetched(`/v1/invoices/${invoice.id}${query}`),
      await fetched(`/v1/invoices/${invoice.id}/lines.csv`),
      await fetched(url, { authorization: 'Bearer tgadm_nobody' }),
    ].map(({ statusCode, body }) => (statusCode === 200 ? 200 : JSON.parse(body).code));
    expect(codes).toEqual([200, 'link_invalid', 'missing_token', 'missing_token', 'invalid_token']);
  });

  it('is made for files of this API alone, and for a month at most', async () => {
    const refused = async (body: object) =>
      (await api.post<{ code: string }>('/v1/links', body)).json.code;
    const path = `/v1/invoices/${invoice.id}/lines.csv`;
    expect([
      await refused({ path: `/v1/invoices/${invoice.id}` }),
      await refused({ path: '/v1/customers' }),
      await refused({ path: `${path}?x=1` }),
      await refused({ path, query: { after: '1' } }),
      await refused({ path, expires_in_seconds: 31 * 86_400 }),
    ]).toEqual(Array(5).fill('invalid_request'));
  });

  it('opens nothing once all links were revoked, and those made later do', async () => {
    const path = `/v1/invoices/${invoice.id}/lines.csv`;
    const before = await linkTo(path);
    expect((await api.post('/v1/links/rotations', {})).status).toBe(201);
    const after = await linkTo(path);
    const [old, young] = [await fetched(before), await fetched(after)];
    expect([old.statusCode, young.statusCode]).toEqual([403, 200]);
    expect(old.json()).toMatchObject({ code: 'link_invalid' });
  });

  it('opens nothing after its end', async () => {
    const url = await linkTo(`/v1/invoices/${invoice.id}/lines.csv`, { expires_in_seconds: 60 });
    house.clock.nowMs += 61_000;
    const { statusCode, body } = await fetched(url);
    house.clock.nowMs -= 61_000;
    expect([statusCode, JSON.parse(body).code]).toEqual([403, 'link_expired']);
  });
});
