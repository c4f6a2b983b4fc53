/** Budgets of end users, defined once: what is accepted, and one end user’s window of them. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Answer = { id: string; code?: string; errors?: { path: string }[] } & Record<string, unknown>;

let house: ApiHouse;
let customer: string;
let key: string;
beforeAll(async () => {
  house = await openApiHouse();
  const create = async (path: string, body: object) =>
    (await house.post<{ id: string }>(path, body)).json.id;
  customer = await create('/v1/customers', { name: 'c' });
  key = await create('/v1/keys', { customer_id: customer, name: 'k' });
});
afterAll(() => house.close());

const define = (body: object) =>
  house.post<Answer>('/v1/budgets', { limit: '5', per: 'end_user', window: 'total', ...body });

/** What a proxy appends when an end user is served. */
async function spend(budgetId: string, endUser: string): Promise<void> {
  const digest = createHash('sha256').update(endUser).digest('hex').slice(0, 32);
  const events = [
    {
      type: 'WindowOpened',
      data: {
        ...{ budget_id: budgetId, window_start: '1970-01-01T00:00:00.000Z', window_end: null },
        ...{ limit: '5.000000000000', definition_revision: '0' },
      },
    },
    {
      type: 'LeaseGranted',
      data: { lease_id: 'lse_1', instance_id: 'ins_1', amount: '1.000000000000' },
    },
    { type: 'LeaseSettled', data: { lease_id: 'lse_1', spent: '0.250000000000' } },
  ].map((event, index) => ({ ...event, id: `${digest}${index}` }));
  await house.stores.ledger.append(
    `budget-${budgetId}~${digest}@19700101T000000Z`,
    'no_stream',
    events,
  );
}

it.each(['key', 'customer'] as const)(
  'is accepted of a %s, and shows the window of calls that name nobody',
  async (type) => {
    const scope = { type, id: type === 'key' ? key : customer };
    const { status, json } = await define({ scope });
    expect([status, json]).toMatchObject([
      201,
      { per: 'end_user', scope, current: { spent: '0.000000000000' } },
    ]);
    const { data } = (await house.get<{ data: Answer[] }>('/v1/budgets?limit=1')).json;
    expect(data).toMatchObject([{ id: json.id, per: 'end_user' }]);
  },
);

it('is refused of what has no end users of its own', async () => {
  const { status, json } = await define({
    scope: { type: 'installation', id: 'installation' },
  });
  expect([status, json.code, json.errors?.[0]?.path]).toEqual([
    ...[400, 'invalid_request', 'body.per'],
  ]);
});

it('shows the window of one end user, whether the ledger has it yet or not', async () => {
  const { id } = (await define({ scope: { type: 'key', id: key } })).json;
  await spend(id, 'Anna Ærø');
  const windowOf = async (who: string) =>
    (await house.get<Answer>(`/v1/budgets/${id}?end_user=${encodeURIComponent(who)}`)).json;
  expect([await windowOf('Anna Ærø'), await windowOf('ben'), await windowOf('')]).toMatchObject([
    { current: { spent: '0.250000000000', held: '0.000000000000', limit: '5.000000000000' } },
    { current: { spent: '0.000000000000', held: '0.000000000000', limit: '5.000000000000' } },
    { current: { spent: '0.000000000000' } },
  ]);
});

it('shows a changed limit, although no window of an end user has it yet', async () => {
  const { id } = (await define({ scope: { type: 'key', id: key } })).json;
  await spend(id, 'anna');
  await house.patch(`/v1/budgets/${id}`, { limit: '0.5' });
  const { json } = await house.get<Answer>(`/v1/budgets/${id}?end_user=anna`);
  expect(json).toMatchObject({ current: { limit: '0.500000000000', spent: '0.250000000000' } });
});

it('of a budget that is no template there is no window of an end user', async () => {
  const { id } = (await define({ scope: { type: 'key', id: key }, per: null })).json;
  const { status, json } = await house.get<Answer>(`/v1/budgets/${id}?end_user=anna`);
  expect([status, json.code, json.errors?.[0]?.path]).toEqual([
    ...[400, 'invalid_request', 'query.end_user'],
  ]);
});

it('a key says whether its calls have to name an end user, and can be told otherwise', async () => {
  const issued = await house.post<Answer>('/v1/keys', {
    ...{ customer_id: customer, name: 'k', end_user_required: true },
  });
  const { id } = issued.json;
  const changed = await house.patch<Answer>(`/v1/keys/${id}`, { end_user_required: false });
  const { json } = await house.get<Answer>(`/v1/keys/${key}`);
  expect([issued.json, changed.json, json].map((one) => one['end_user_required'])).toEqual([
    ...[true, false, false],
  ]);
});

it('a new key demands end users where the defaults say so, and has a budget for each of them', async () => {
  const defaults = {
    end_user_required: true,
    budgets: [{ limit: '1', unit: 'usd', window: 'day', per: 'end_user' }],
  };
  const { json: owner } = await house.post<Answer>('/v1/customers', {
    ...{ name: 'd', key_defaults: defaults },
  });
  const issue = async (fields: object) =>
    (await house.post<Answer>('/v1/keys', { customer_id: owner.id, name: 'k', ...fields })).json;
  const [plain, told] = [await issue({}), await issue({ end_user_required: false })];
  expect([plain['end_user_required'], told['end_user_required']]).toEqual([true, false]);
  const [budgetId] = plain['default_budget_ids'] as string[];
  const { json } = await house.get<Answer>(`/v1/budgets/${budgetId}`);
  expect(json).toMatchObject({ per: 'end_user', scope: { type: 'key', id: plain.id } });
});
