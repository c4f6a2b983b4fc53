/** Single calls, as the events in the warehouse tell of them. */
import { zeroQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const NOON_MS = Date.UTC(2026, 10, 20, 12);
const RANGE = 'start=2026-11-20&end=2026-11-21';
const NOTHING = '0.000000000000';

const served = attempt({ customer_id: 'cus_a', key_id: 'key_1', cost: '1.000000000000' }, NOON_MS);
const refused = attempt(
  {
    ...{ customer_id: 'cus_a', key_id: 'key_2', team_id: 'team_1', type: 'refusal', attempt: 0 },
    ...{ status: 'refused', error_type: 'budget_exceeded', cost: NOTHING, provider: null },
    ...{ deployment: null, model_served: null, http_status: null, ...zeroQuantities() },
  },
  NOON_MS + 1_000,
);
const unknown = attempt(
  {
    ...{ customer_id: 'cus_b', key_id: 'key_3', cost: null, usage_source: 'none' },
    ...{ status: 'unknown', input_tokens: null, output_tokens: null, end_user: 'u-7' },
    ...{ model_requested: 'ours', model_served: 'theirs', provider_request_id: 'req_9' },
  },
  NOON_MS + 2_000,
);
// Of the same moment: the id decides.
const twins = [0, 1].map(() => attempt({ customer_id: 'cus_c' }, NOON_MS + 3_000));
const resolved = attempt(
  { customer_id: 'cus_b', key_id: 'key_3', cost: null, usage_source: 'none', status: 'timeout' },
  NOON_MS + 4_000,
);
const resolution = attempt(
  {
    ...{ type: 'resolution', call_id: resolved.call_id, resolves_id: resolved.id },
    ...{ customer_id: 'cus_b', key_id: 'key_3', source: 'reconciliation/rec_1' },
    ...{ usage_source: 'reconciled', cost: '0.500000000000' },
  },
  NOON_MS + 4_000,
);
const collected = attempt({ type: 'external', call_id: null, attempt: 0 }, NOON_MS + 5_000);
const earlier = attempt({ customer_id: 'cus_a' }, NOON_MS - 86_400_000);

const newestFirst = [
  resolved,
  ...twins.toSorted((a, b) => (String(a.call_id) < String(b.call_id) ? 1 : -1)),
  unknown,
  refused,
  served,
].map(({ call_id }) => call_id);

let house: ApiHouse;
beforeAll(async () => {
  house = await openApiHouse({ clock: () => NOON_MS + 3_600_000 });
  const events: UsageEvent[] = [served, refused, unknown, ...twins, resolved, resolution];
  await house.stores.append([...events, collected, earlier]);
  const projector = await house.stores.start('p1');
  await projector.caughtUp();
  await projector.stop();
});
afterAll(() => house.close());

type Call = { id: string } & Record<string, unknown>;
type List = { data: Call[]; has_more: boolean; code: string };

const list = async (query: string) => (await house.get<List>(`/v1/calls?${query}`)).json;
const ids = async (query: string) => (await list(`${RANGE}&${query}`)).data.map(({ id }) => id);

describe('GET /v1/calls', () => {
  it('lists served, failed and refused calls once each, newest first', async () => {
    const { data, has_more } = await list(RANGE);
    expect([data.map(({ id }) => id), has_more]).toEqual([newestFirst, false]);
    const byId = new Map(data.map((call) => [call.id, call]));
    expect(byId.get(refused.call_id ?? '')).toMatchObject({
      ...{ object: 'call', time: refused.time, customer_id: 'cus_a', team_id: 'team_1' },
      ...{ key_id: 'key_2', model: 'sim-small', status: 'refused', cost: NOTHING },
      error_type: 'budget_exceeded',
      events: [{ type: 'refusal', attempt: 0, model: null }],
    });
    expect(byId.get(unknown.call_id ?? '')).toMatchObject({
      ...{ model: 'ours', status: 'unknown', cost: null, end_user: 'u-7' },
      events: [{ type: 'attempt', model: 'theirs', provider_request_id: 'req_9' }],
    });
    expect(byId.get(resolved.call_id ?? '')).toMatchObject({
      ...{ status: 'timeout', cost: '0.500000000000' },
      events: [{ type: 'attempt' }, { type: 'resolution' }],
    });
  });

  it('shows each call as it is shown alone', async () => {
    const { data } = await list(RANGE);
    for (const call of data) {
      expect((await house.get(`/v1/calls/${call.id}`)).json).toEqual(call);
    }
  });

  it('goes on page by page, also between two calls of one moment', async () => {
    const pages: string[][] = [];
    let query = `${RANGE}&limit=2`;
    for (let more = true; more; ) {
      const page = await list(query);
      pages.push(page.data.map(({ id }) => id));
      query = `${RANGE}&limit=2&starting_after=${page.data.at(-1)?.id}`;
      more = page.has_more;
    }
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(pages.flat()).toEqual(newestFirst);
  });

  it.each<[filter: string, found: UsageEvent[]]>([
    ['customer_id=cus_a', [refused, served]],
    ['key_id=key_3', [resolved, unknown]],
    ['team_id=team_1', [refused]],
    ['status=refused', [refused]],
    ['status=ok&customer_id=cus_a', [served]],
    ['status=refused&customer_id=cus_b', []],
    ['model=theirs', [unknown]],
    ['model=ours', [unknown]],
    ['model=sim-small&customer_id=cus_a', [refused, served]],
    ['end_user=u-7', [unknown]],
    ['error_type=budget_exceeded', [refused]],
    ['provider_request_id=req_9', [unknown]],
    ['environment=test', []],
    ['provider=simulator&customer_id=cus_a', [served]],
  ])('filters by %s', async (filter, found) => {
    expect(await ids(filter)).toEqual(found.map(({ call_id }) => call_id));
  });

  it('takes the end of a range as exclusive, and the current month if none is named', async () => {
    const at = `start=${served.time}&end=${refused.time}`;
    expect((await list(at)).data.map(({ id }) => id)).toEqual([served.call_id]);
    const month = await list('customer_id=cus_a');
    const of = [refused, served, earlier].map(({ call_id }) => call_id);
    expect(month.data.map(({ id }) => id)).toEqual(of);
  });

  it('finds the calls of a customer by the operator’s own id', async () => {
    const { json: customer } = await house.post<{ id: string }>('/v1/customers', {
      ...{ name: 'c', external_id: 'acme' },
    });
    const call = attempt({ customer_id: customer.id }, NOON_MS);
    await house.stores.append([call]);
    const projector = await house.stores.start('p2');
    await projector.caughtUp();
    await projector.stop();
    for (const named of ['acme', customer.id]) {
      expect(await ids(`customer_id=${named}`)).toEqual([call.call_id]);
    }
  });

  it('bounds the page and the range, and names what is wrong', async () => {
    const codes = [];
    for (const query of [
      'start=2026-01-01&end=2026-11-21',
      `${RANGE}&limit=101`,
      `${RANGE}&status=gone`,
      `${RANGE}&starting_after=key_1`,
      `${RANGE}&starting_after=${attempt().call_id}`,
    ]) {
      codes.push((await list(query)).code);
    }
    expect(codes).toEqual([
      'usage_range_too_long',
      ...Array(2).fill('invalid_request'),
      ...Array(2).fill('cursor_unknown'),
    ]);
  });
});
