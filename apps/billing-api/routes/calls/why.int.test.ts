/** Why a call was refused or charged, from its events and from the ledger as of that instant. */
import { windowStream } from '@tollgate/domain/budget/window.ts';
import { zeroQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { callWhy } from '@tollgate/schemas/http/call-why.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const NOON_MS = Date.UTC(2026, 10, 20, 12);
const usd = (amount: number) => amount.toFixed(12);

let house: ApiHouse;
let budgetId: string;
let limitId: string;
let stream: string;
beforeAll(async () => {
  house = await openApiHouse({ clock: () => NOON_MS });
  const create = async (path: string, body: object) =>
    (await house.post<{ id: string }>(path, body)).json.id;
  const customer_id = await create('/v1/customers', { name: 'c' });
  const key = await create('/v1/keys', { customer_id, name: 'k' });
  const scope = { type: 'key', id: key };
  budgetId = await create('/v1/budgets', { scope, limit: '10', window: 'month' });
  limitId = await create('/v1/rate_limits', { scope, measure: 'total_tokens', limit: 100 });
  stream = windowStream(budgetId, Date.UTC(2026, 10, 1));
  await house.stores.ledger.append(
    'price_book-simulator.config',
    'no_stream',
    event('PriceVersionPublished', {
      ...{ version: 'v1', source: 'config', provider: 'simulator', effective_from: null },
      models: [
        {
          ...{ model: 'sim-small', match: { equals: 'sim-small' }, context_window: null },
          max_output_tokens: null,
          prices: [
            {
              from: null,
              daily: null,
              price: { input: tier('150000000000'), output: tier('600000000001') },
            },
          ],
        },
      ],
    }),
  );
  await house.stores.ledger.append(stream, 'no_stream', [
    ...event('WindowOpened', {
      ...{ budget_id: budgetId, window_start: '2026-11-01T00:00:00.000Z' },
      ...{ window_end: '2026-12-01T00:00:00.000Z', limit: usd(10), definition_revision: '0' },
    }),
    ...event('LeaseGranted', { lease_id: 'lse_1', instance_id: 'ins_a', amount: usd(3) }),
    ...event('LeaseSettled', { lease_id: 'lse_1', spent: usd(2) }),
    ...event('LeaseGranted', { lease_id: 'lse_2', instance_id: 'ins_b', amount: usd(5) }),
    // What comes next, the proxy that refused had not read.
    ...event('LeaseSettled', { lease_id: 'lse_2', spent: usd(4) }),
    ...event('LeaseGranted', { lease_id: 'lse_3', instance_id: 'ins_a', amount: usd(1) }),
    ...event('LeaseAdjusted', { lease_id: 'lse_2', attempt_id: unknown.id, delta: usd(-3) }),
  ]);
  const charged = [served, unknown].map((one) => ({ ...one, budget_windows: [stream] }));
  const by = { window: stream, budget_id: budgetId };
  const refused = [
    { ...overBudget, refusal: { ...overBudget.refusal, ...by } },
    { ...tooMany, refusal: { ...tooMany.refusal, rate_limit_id: limitId } },
    { ...never, refusal: { ...never.refusal, rate_limit_id: 'rtl_gone' } },
  ];
  await house.stores.append([...charged, resolution, ...refused, older, unbounded]);
  const projector = await house.stores.start('p1');
  await projector.caughtUp();
  await projector.stop();
});
afterAll(() => house.close());

let events = 0;
const event = (type: string, data: object) => [{ id: `e${++events}`, type, data }];
const tier = (pico_usd_per_million: string) => [{ from_input_tokens: 0, pico_usd_per_million }];

function refusal(error_type: string, said?: Record<string, string>): UsageEvent {
  return attempt(
    {
      ...{ type: 'refusal', attempt: 0, status: 'refused', error_type, source: 'proxy/ins_c' },
      ...{ cost: usd(0), provider: null, deployment: null, model_served: null },
      ...{ price_version: null, price_source: 'none', ...zeroQuantities() },
      ...(said === undefined ? {} : { refusal: said }),
    },
    NOON_MS,
  );
}

const overBudget = refusal('budget_exceeded', {
  ...{ kind: 'budget', revision: '3', unit: 'usd', limit: usd(10) },
  ...{ spent: usd(7), needed: usd(4), fits: '120', known_later: 'and left out' },
});
const tooMany = refusal('rate_limit_exceeded', {
  ...{ kind: 'rate_limit', limit: '100', remaining: '7', needed: '40', retry_ms: '1000' },
  resets_at: '2026-11-20T12:01:00.000Z',
});
const never = refusal('rate_limit_exceeded', {
  ...{ kind: 'rate_limit', limit: '100', remaining: '100', needed: '400' },
});
const older = refusal('budget_exceeded');
const unbounded = refusal('unbounded_request');

const held = {
  ...{ hold_lease_ids: ['lse_1'], hold_units: ['usd'], budget_windows: [''] },
  ...{ hold_amounts: [usd(1)], output_limit: 4_096 },
};
const served = attempt(
  {
    ...{ ...held, output_clamped: true, input_tokens: 1_000_003, output_tokens: 7 },
    cost: '0.150004650000',
  },
  NOON_MS,
);
const unknown = attempt(
  {
    ...{ ...held, hold_lease_ids: ['lse_2'], hold_amounts: [usd(4)], status: 'unknown' },
    ...{ cost: null, usage_source: 'none', input_tokens: null, output_tokens: null },
  },
  NOON_MS,
);
const resolution = attempt(
  {
    ...{ type: 'resolution', resolves_id: unknown.id, call_id: unknown.call_id, attempt: 1 },
    ...{ source: 'reconciliation/rec_1', usage_source: 'reconciled', cost: usd(1) },
  },
  NOON_MS,
);

const why = async ({ call_id }: UsageEvent) =>
  callWhy.parse((await house.get(`/v1/calls/${call_id}/why`)).json);

describe('GET /v1/calls/{id}/why', () => {
  // BerriAI/litellm#14144, #4208: a refusal did not say which budget it was, and what it had spent.
  it('of a budget that could not pay: who held what of it when the proxy refused', async () => {
    const { refusal: said, attempts } = await why(overBudget);
    expect(attempts).toEqual([]);
    expect(said).toMatchObject({
      code: 'budget_exceeded',
      limit: {
        ...{ type: 'budget', budget_id: budgetId, scope: { type: 'key' }, unit: 'usd' },
        ...{ window: 'month', window_start: '2026-11-01T00:00:00.000Z' },
        ...{ resets_at: '2026-12-01T00:00:00.000Z', limit: usd(10), spent: usd(2), held: usd(5) },
        ...{ available: usd(3), spent_or_reserved: usd(7), needed: usd(4), refused_by: 'ins_c' },
        leases: [{ lease_id: 'lse_2', instance_id: 'ins_b', amount: usd(5) }],
      },
    });
    expect(said?.remedies.map(({ action, value }) => [action, value])).toEqual([
      ['lower_output_limit', '120'],
      ['retry', null],
      ['wait', '2026-12-01T00:00:00.000Z'],
      ['raise_limit', usd(11)],
    ]);
  });

  it('of a rate limit: when it resets, or that the call never fits', async () => {
    expect((await why(tooMany)).refusal).toMatchObject({
      limit: {
        ...{ type: 'rate_limit', rate_limit_id: limitId, measure: 'total_tokens' },
        ...{ window: 'minute', limit: 100, remaining: 7, needed: 40 },
        resets_at: '2026-11-20T12:01:00.000Z',
      },
      remedies: [{ action: 'wait', value: '2026-11-20T12:01:00.000Z' }, { action: 'raise_limit' }],
    });
    expect((await why(never)).refusal).toMatchObject({
      limit: { rate_limit_id: 'rtl_gone', scope: null, measure: null, resets_at: null },
      remedies: [
        { action: 'send_less', value: '100' },
        { action: 'raise_limit', value: '400' },
      ],
    });
  });

  it('of another refusal, or one of before it was said: what is known', async () => {
    expect((await why(older)).refusal).toEqual({
      ...{ code: 'budget_exceeded', limit: null, remedies: [] },
    });
    expect((await why(unbounded)).refusal).toMatchObject({
      ...{ code: 'unbounded_request', limit: null },
      remedies: [{ action: 'change_request' }, { action: 'ask_operator' }],
    });
  });

  it('of an admitted call: the price and its lines, the hold, the charge, the settlement', async () => {
    const { refusal: said, attempts } = await why(served);
    expect([said, attempts]).toEqual([
      null,
      [
        expect.objectContaining({
          ...{ id: served.id, model: 'sim-small', resolution: null },
          ...{ output_limit: 4_096, output_clamped: true },
          price: {
            ...{ version: 'v1', source: 'config' },
            lines: [
              {
                ...{ unit: 'input', quantity: 1_000_003, usd_per_million: '0.150000000000' },
                cost: '0.150000450000000000',
              },
              {
                ...{ unit: 'output', quantity: 7, usd_per_million: '0.600000000001' },
                cost: '0.000004200000000007',
              },
            ],
          },
          budgets: [
            {
              ...{ budget_id: budgetId, scope: expect.anything(), counted_as: 'usd' },
              ...{ window_start: '2026-11-01T00:00:00.000Z', held: usd(1) },
              ...{ charged: '0.150004650000', adjusted: usd(0) },
              leases: [
                {
                  ...{ lease_id: 'lse_1', instance_id: 'ins_a', held: usd(1) },
                  ...{ charged: '0.150004650000', adjusted: usd(0) },
                  settled_at: expect.any(String),
                },
              ],
            },
          ],
        }),
      ],
    ]);
  });

  it('of a call that a bill resolved: what its budget got back', async () => {
    const { attempts } = await why(unknown);
    expect(attempts).toMatchObject([
      {
        ...{ cost: null, price: { version: 'v1', lines: null }, output_clamped: false },
        budgets: [{ held: usd(4), charged: usd(4), adjusted: usd(-3) }],
        resolution: { id: resolution.id, source: 'reconciliation/rec_1', cost: usd(1) },
      },
    ]);
  });

  it('there is none of a call that nobody made', async () => {
    const answer = await house.get<{ code: string }>(`/v1/calls/${attempt().call_id}/why`);
    expect([answer.status, answer.json.code]).toEqual([404, 'call_not_found']);
  });
});

describe('GET /v1/calls/{id}', () => {
  it('says which output limit the call was given', async () => {
    const call = await house.get<{ events: object[] }>(`/v1/calls/${served.call_id}`);
    expect(call.json.events).toMatchObject([{ output_limit: 4_096, output_clamped: true }]);
    const refused = await house.get<{ events: object[] }>(`/v1/calls/${older.call_id}`);
    expect(refused.json.events).toMatchObject([{ output_limit: null, output_clamped: false }]);
  });
});

describe('GET /v1/budgets/{id}', () => {
  it('says who holds what since when, how fast it is spent, and when it is used up', async () => {
    const { json } = await house.get<Record<string, unknown>>(`/v1/budgets/${budgetId}`);
    expect(json).toMatchObject({
      current: {
        ...{ limit: usd(10), spent: usd(3), held: usd(1), available: usd(6) },
        resets_at: '2026-12-01T00:00:00.000Z',
      },
      leases: [
        {
          ...{ lease_id: 'lse_3', instance_id: 'ins_a', amount: usd(1), overrun: usd(0) },
          since: expect.stringMatching(/Z$/),
        },
      ],
      spending: {
        window: { amount: usd(3), exhausted_at: expect.any(String) },
        recent: { since: '2026-11-20T11:45:00.000Z', amount: '1.150004650000' },
      },
    });
  });
});
