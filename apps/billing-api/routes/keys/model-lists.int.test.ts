/** The models that a key, a team or a customer may use, through the API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Thing = { id: string; code: string; errors: { path: string; message: string }[] } & Lists;
type Lists = { allowed_models: string[] | null; denied_models: string[] };

let house: ApiHouse;
let customer_id: string;
let team_id: string;
beforeAll(async () => {
  house = await openApiHouse();
  customer_id = (await house.post<Thing>('/v1/customers', { name: 'c' })).json.id;
  team_id = (await house.post<Thing>('/v1/teams', { customer_id, name: 't' })).json.id;
});
afterAll(() => house?.close());

const listsOf = ({ allowed_models, denied_models }: Lists) => [allowed_models, denied_models];

describe.each([
  ['/v1/customers', () => ({ name: 'c' })],
  ['/v1/teams', () => ({ customer_id, name: 't' })],
  ['/v1/keys', () => ({ customer_id, team_id, name: 'k' })],
])('%s', (path, fields) => {
  const made = async (lists: object) =>
    (await house.post<Thing>(path, { ...fields(), ...lists })).json;

  it('may use any model unless something is said', async () => {
    expect(listsOf(await made({}))).toEqual([null, []]);
  });

  it('has the lists that it was made with, and a PATCH changes what it names', async () => {
    const lists = { allowed_models: ['gpt-*'], denied_models: ['gpt-4o', '*-preview'] };
    const thing = await made(lists);
    expect(thing).toMatchObject(lists);
    const url = `${path}/${thing.id}`;
    const changed = await house.patch<Thing>(url, { denied_models: [] });
    expect([changed.status, ...listsOf(changed.json)]).toEqual([200, ['gpt-*'], []]);
    const opened = await house.patch<Thing>(url, { allowed_models: null });
    expect(listsOf(opened.json)).toEqual([null, []]);
    expect((await house.get<Thing>(url)).json).toEqual(opened.json);
  });

  // maximhq/bifrost#2113, #7133, BerriAI/litellm#40430: empty was all here and none there.
  it('an empty list of allowed models is refused, since it could mean all or none', async () => {
    const { status, json } = await house.post<Thing>(path, { ...fields(), allowed_models: [] });
    expect([status, json.code, json.errors[0]?.path]).toEqual([
      ...[400, 'invalid_request', 'body.allowed_models'],
    ]);
    expect(json.errors[0]?.message).toContain('null allows any model');
  });

  it.each([
    { denied_models: [''] },
    { denied_models: ['*a*b*c*d*'] },
    { allowed_models: Array(101).fill('m') },
    { denied_models: null },
    { allowed_models: 'gpt-4o' },
  ])('%j is refused', async (lists) => {
    expect((await house.post(path, { ...fields(), ...lists })).status).toBe(400);
  });
});
