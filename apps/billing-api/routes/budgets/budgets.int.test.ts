import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Answer = { id: string; code?: string; errors?: { path: string }[] } & Record<string, unknown>;

let house: ApiHouse;
let ids: { customer: string; team: string; key: string };
beforeAll(async () => {
  house = await openApiHouse();
  const create = async (path: string, body: object) =>
    (await house.post<{ id: string }>(path, body)).json.id;
  const zone = { time_zone: 'Asia/Kolkata', external_id: 'acme' };
  const customer = await create('/v1/customers', { name: 'c', ...zone });
  const team = await create('/v1/teams', { customer_id: customer, name: 't' });
  const key = await create('/v1/keys', { customer_id: customer, team_id: team, name: 'k' });
  ids = { customer, team, key };
});
afterAll(() => house.close());

const define = (body: object) => house.post<Answer>('/v1/budgets', { limit: '5', ...body });
const onKey = (body: object) => define({ scope: { type: 'key', id: ids.key }, ...body });

describe('I3: a budget that is accepted is one that is enforced', () => {
  it.each(['key', 'team', 'customer'] as const)(
    'of a %s: in the zone of its customer',
    async (type) => {
      const { status, json } = await define({ scope: { type, id: ids[type] } });
      expect([status, json['scope'], json['time_zone']]).toEqual([
        ...[201, { type, id: ids[type] }, 'Asia/Kolkata'],
      ]);
    },
  );

  it('of a customer by the operator’s own id, stored by ours', async () => {
    const { json } = await define({ scope: { type: 'customer', id: 'acme' } });
    expect(json['scope']).toEqual({ type: 'customer', id: ids.customer });
  });

  it('of the installation: in UTC unless it says otherwise', async () => {
    const { json } = await define({ scope: { type: 'installation', id: 'installation' } });
    expect(json['time_zone']).toBe('UTC');
  });

  it.each([
    { unit: 'tokens', counts: 'input', cache_reads: false, window: 'hour' },
    { unit: 'requests', window: 'week', anchor: '2026-11-18' },
    { unit: 'usd', basis: 'billed', window: 'total', model: 'gpt-4o*' },
    { on_exceeded: 'clamp', clamp_min_output_tokens: 16 },
  ])('with all that it says: %j', async (kind) => {
    const { status, json } = await onKey(kind);
    expect([status, json]).toMatchObject([201, kind]);
    expect((await house.get<Answer>(`/v1/budgets/${json.id}`)).json).toMatchObject(kind);
  });

  it.each([
    [{ unit: 'tokens', limit: '1.5' }, 'body.limit'],
    [{ unit: 'requests', basis: 'billed' }, 'body.basis'],
    [{ counts: 'input' }, 'body.counts'],
    [{ unit: 'requests', cache_reads: false }, 'body.cache_reads'],
    [{ unit: 'tokens', counts: 'output', cache_reads: false }, 'body.cache_reads'],
    [{ clamp_min_output_tokens: 16 }, 'body.clamp_min_output_tokens'],
    [{ unit: 'requests', on_exceeded: 'clamp' }, 'body.on_exceeded'],
    [{ unit: 'tokens', counts: 'input', on_exceeded: 'clamp' }, 'body.on_exceeded'],
    [{ window: 'day', anchor: '2026-11-18' }, 'body.anchor'],
    [{ window: 'month', anchor: '2026-02-30' }, 'body.anchor'],
    [{ time_zone: 'Mars/Olympus' }, 'body.time_zone'],
  ])('is refused where it could not mean what it says: %j', async (kind, path) => {
    const { status, json } = await onKey(kind);
    expect([status, json.code, json.errors?.[0]?.path]).toEqual([400, 'invalid_request', path]);
  });

  it.each([
    [{ type: 'key', id: 'key_x' }, 'key_not_found'],
    [{ type: 'team', id: 'team_x' }, 'team_not_found'],
    [{ type: 'customer', id: 'cus_x' }, 'customer_not_found'],
  ])('is refused of what does not exist: %j', async (scope, code) => {
    expect((await define({ scope })).json.code).toBe(code);
  });
});

describe('what becomes of a call that a budget cannot pay for', () => {
  const change = (id: string, body: object) => house.patch<Answer>(`/v1/budgets/${id}`, body);

  it('can be changed, alone or with a limit, and is then what the budget says', async () => {
    const { id } = (await onKey({})).json;
    const clamps = { on_exceeded: 'clamp', clamp_min_output_tokens: 16 };
    for (const [said, is] of [
      [clamps, clamps],
      [{ clamp_min_output_tokens: 8 }, { ...clamps, clamp_min_output_tokens: 8 }],
      [
        { on_exceeded: 'clamp', limit: '7' },
        { limit: '7.000000000000', on_exceeded: 'clamp' },
      ],
      [{ on_exceeded: 'refuse' }, { on_exceeded: 'refuse', clamp_min_output_tokens: 1 }],
    ]) {
      const { status, json } = await change(id, said as object);
      expect([status, json]).toMatchObject([200, is]);
      expect((await house.get<Answer>(`/v1/budgets/${id}`)).json).toMatchObject(is as object);
    }
  });

  it('is nothing of a soft one: it refuses no call, and it clamps none', async () => {
    const soft = { enforcement: 'soft' };
    const { id } = (await onKey(soft)).json;
    const [defined, changed] = [
      await onKey({ ...soft, on_exceeded: 'clamp' }),
      await change(id, { on_exceeded: 'clamp' }),
    ];
    const wrong = { status: 400, json: { errors: [{ path: 'body.on_exceeded' }] } };
    expect([defined, changed]).toMatchObject([wrong, wrong]);
  });

  it.each<[object, object, string]>([
    [{ unit: 'requests' }, { on_exceeded: 'clamp' }, 'body.on_exceeded'],
    [{ unit: 'tokens', counts: 'input' }, { on_exceeded: 'clamp' }, 'body.on_exceeded'],
    [{}, { clamp_min_output_tokens: 16 }, 'body.clamp_min_output_tokens'],
    [
      { on_exceeded: 'clamp' },
      { on_exceeded: 'refuse', clamp_min_output_tokens: 16 },
      'body.clamp_min_output_tokens',
    ],
    [{}, { on_exceeded: 'warn' }, 'body.on_exceeded'],
  ])('cannot become what it could not do: %j, %j', async (kind, body, path) => {
    const { id } = (await onKey(kind)).json;
    const { status, json } = await change(id, body);
    expect([status, json.code, json.errors?.[0]?.path]).toEqual([400, 'invalid_request', path]);
  });
});
