import { sha256, sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { canonicalJson } from '@tollgate/domain/proof/canonical-json.ts';
import { faultInProof } from '@tollgate/domain/proof/event-proof.ts';
import { eventProof } from '@tollgate/schemas/billing/event-proof.ts';
import {
  closingRunView,
  invoiceList,
  invoiceView,
  periodList,
  periodView,
  snapshotList,
  snapshotView,
} from '@tollgate/schemas/billing/requests.ts';
import { snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BillingIndex } from '../closing/billing-index.ts';
import { attempt, type ClosingHouse, openClosingHouse } from '../closing/testing/closing-house.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';
import type { ApiRoute } from '../http/route.ts';
import { apiLimits } from '../limits.ts';
import { ExportIndex } from '../payments/export-index.ts';
import { getInvoice, listInvoices } from './invoices/invoices.ts';
import { closePeriodRoute } from './periods/close.ts';
import { closingRun } from './periods/closing-run.ts';
import { getPeriod } from './periods/get.ts';
import { listPeriods } from './periods/list.ts';
import { openPeriodRoute } from './periods/open.ts';
import { getProof, getSnapshot, listSnapshots } from './snapshots/snapshots.ts';

const JANUARY = '2026-01-10T12:00:00.000Z';

let house: ClosingHouse;
let index: BillingIndex;
let exports: ExportIndex;
let context: ApiContext;
beforeAll(async () => {
  house = await openClosingHouse();
  const onLost = (error: unknown): void => {
    throw error;
  };
  const readModel = { ledger: house.deps.ledger, retryMs: { first: 50, max: 2_000 }, onLost };
  index = new BillingIndex(readModel);
  exports = new ExportIndex(readModel);
  await Promise.all([index.start(), exports.start()]);
  // Handlers of billing use these parts of the context alone.
  const parts = { ...house.deps, limits: apiLimits, billing: index, exports };
  context = parts as unknown as ApiContext;
});
afterAll(async () => {
  await Promise.all([index.stop(), exports.stop()]);
  await house.close();
});

type Input = { params?: unknown; query?: unknown; body?: unknown };

/** As `http/answer.ts` does it: every part is parsed, and so is the answer. */
async function call(route: ApiRoute, input: Input = {}): Promise<unknown> {
  const answer = await route.handler(
    {
      params: route.params.parse(input.params ?? {}),
      query: route.query.parse(input.query ?? {}),
      body: route.body?.parse(input.body ?? {}),
      mediaType: 'application/json',
      timeMs: house.clock.nowMs,
      commandId: 'command',
      random: (_label, length) => new Uint8Array(length),
      secretBytes: (_label, length) => new Uint8Array(length),
      newId: (prefix) => `${prefix}_x`,
      keyId: null,
      signal: new AbortController().signal,
      warn: () => undefined,
    },
    context,
  );
  return route.response.parse(answer);
}

async function problemOf(route: ApiRoute, input: Input) {
  try {
    await call(route, input);
    return 'no problem';
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, ...error.details.extra };
    throw error;
  }
}

async function openJanuary(customerId: string) {
  const body = { customer_id: customerId, start: '2026-01-01T00:00:00Z' };
  return periodView.parse(await call(openPeriodRoute, { body }));
}

describe('the billing routes', () => {
  it('take a plain date as the first instant of that day in the zone of the period', async () => {
    const customer_id = await house.customer();
    const body = { customer_id, start: '2026-11-01', time_zone: 'america/havana' };
    const period = periodView.parse(await call(openPeriodRoute, { body }));
    // Its midnight comes twice, from killbill/killbill#743: the first is where the day begins.
    const first = { start: '2026-11-01T04:00:00.000Z', time_zone: 'America/Havana' };
    expect(period).toMatchObject(first);
    house.clock.nowMs = parseInstant('2026-11-24T00:00:00.000Z');
    const close = {
      params: { period_id: period.id },
      body: { at: '2026-11-20', grace_seconds: 0 },
    };
    const closed = periodView.parse(await call(closePeriodRoute, close));
    expect(closed.end).toBe('2026-11-20T05:00:00.000Z');
  });

  it('open, close, and show the snapshot, its invoice and a proof (I4)', async () => {
    const customerId = await house.customer();
    const period = await openJanuary(customerId);
    expect(await openJanuary(customerId)).toEqual(period);
    const event = attempt(customerId, JANUARY, { cost: '1.000000000000' });
    await house.append(event, attempt(customerId, JANUARY));
    await house.project();
    house.clock.nowMs = parseInstant('2026-02-01T02:00:00.000Z');

    const params = { period_id: period.id };
    const closed = periodView.parse(await call(closePeriodRoute, { params }));
    expect(closed).toMatchObject({ status: 'closed', end: '2026-02-01T00:00:00.000Z' });
    expect(await call(closePeriodRoute, { params })).toEqual(closed);
    expect(await call(getPeriod, { params })).toEqual(closed);

    const query = { customer_id: customerId };
    const periods = periodList.parse(await call(listPeriods, { query }));
    expect(periods.data.map(({ status }) => status)).toEqual(['open', 'closed']);
    const [summary] = snapshotList.parse(await call(listSnapshots, { query })).data;
    const snapshot = snapshotView.parse(
      await call(getSnapshot, { params: { snapshot_id: closed.snapshot_id } }),
    );
    expect(snapshot).toEqual({ ...summary, body: snapshot.body });
    expect(sha256Hex(snapshot.body)).toBe(snapshot.hash);

    const [listed] = invoiceList.parse(await call(listInvoices, { query })).data;
    const invoice = invoiceView.parse(
      await call(getInvoice, { params: { invoice_id: closed.invoice_id } }),
    );
    expect(invoice).toMatchObject({ total_minor: 120, snapshot_hash: snapshot.hash });
    expect(listed).toMatchObject({ id: invoice.id, total_minor: 120, hash: invoice.hash });
    const { hash, issued_at, export: exported, ...hashed } = invoice;
    expect(sha256Hex(canonicalJson(hashed))).toBe(hash);
    expect(issued_at).toMatch(/Z$/);
    expect(exported).toBeNull();

    const proofParams = { snapshot_id: snapshot.id, event_id: event.id };
    const proof = eventProof.parse(await call(getProof, { params: proofParams }));
    const body = snapshotBody.parse(JSON.parse(snapshot.body));
    const input = { proof, snapshot: Buffer.from(snapshot.body), body, record: null };
    expect(faultInProof(sha256, input)).toBeUndefined();
  });

  it('a closing run closes all that are due and says which', async () => {
    const customers = [await house.customer(), await house.customer()];
    for (const customerId of customers) await openJanuary(customerId);
    house.clock.nowMs = parseInstant('2026-02-01T02:00:00.000Z');
    await house.project();
    const run = closingRunView.parse(await call(closingRun, { body: { grace_seconds: 0 } }));
    expect(run.failed).toEqual([]);
    expect(run.closed.map((period) => period.customer_id)).toEqual(customers);
    const again = closingRunView.parse(await call(closingRun));
    expect(again.closed).toEqual([]);
  });

  it('say by name what cannot be done', async () => {
    const customerId = await house.customer();
    const euro = await house.customer({ currency: 'EUR' });
    const january = await openJanuary(euro);
    const { id } = await openJanuary(customerId);
    house.clock.nowMs = parseInstant('2026-01-15T00:00:00.000Z');
    const params = { period_id: id };
    const nobody = { customer_id: 'cus_nobody' };
    expect([
      await problemOf(openPeriodRoute, { body: nobody }),
      await problemOf(closePeriodRoute, {
        params: { period_id: january.id },
        body: { at: '2026-01-15T00:00:00Z' },
      }),
      await problemOf(openPeriodRoute, { body: { customer_id: customerId, anchor_day: 9 } }),
      await problemOf(openPeriodRoute, { body: { ...nobody, time_zone: 'Mars/Olympus' } }),
      await problemOf(closePeriodRoute, { params }),
      await problemOf(closePeriodRoute, { params, body: { at: '2025-12-31T00:00:00Z' } }),
      await problemOf(closePeriodRoute, { params: { period_id: 'per_nobody' } }),
      await problemOf(getSnapshot, { params: { snapshot_id: 'snp_nobody' } }),
      await problemOf(getInvoice, { params: { invoice_id: 'inv_nobody' } }),
      await problemOf(listPeriods, { query: { starting_after: 'per_nobody' } }),
    ]).toEqual([
      { code: 'customer_not_found' },
      { code: 'exchange_rate_missing', currency: 'EUR', end: '2026-01-15T00:00:00.000Z' },
      { code: 'period_still_open', period_id: id },
      { code: 'invalid_request' },
      { code: 'period_not_due', due_at: '2026-02-01T01:00:00.000Z' },
      {
        code: 'period_end_out_of_range',
        start: '2026-01-01T00:00:00.000Z',
        end: '2026-02-01T00:00:00.000Z',
      },
      { code: 'period_not_found' },
      { code: 'snapshot_not_found' },
      { code: 'invoice_not_found' },
      { code: 'cursor_unknown' },
    ]);
  });
});
