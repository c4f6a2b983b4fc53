/** Requests that come again: under the same Idempotency-Key, or at the same moment (items 6 and 9). */
import { randomUUID } from 'node:crypto';
import type { Attack } from '../attack.ts';
import type { AttackedHouse } from '../product/attacked-house.ts';

type Answer = {
  status: number;
  code: string;
  id: string;
  secret: string | null;
  replayed: boolean;
};

async function ask(
  { platform }: AttackedHouse,
  path: string,
  key: string,
  body: object,
): Promise<Answer> {
  const answer = await fetch(platform.apiUrl + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${platform.adminToken}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
  const { code = '', id = '', secret = null } = (await answer.json()) as Partial<Answer>;
  const replayed = answer.headers.get('idempotent-replayed') === 'true';
  return { status: answer.status, code, id, secret, replayed };
}

const customer = (name: string) => ({ name });

const replay = (
  name: string,
  expected: string,
  run: (house: AttackedHouse) => Promise<string>,
): Attack => ({
  ...{
    name: `api: ${name}`,
    item: 6,
    sent: 'POST with an Idempotency-Key',
    expected: [expected],
    run,
  },
});

const bad = (name: string, key: string) =>
  replay(`an Idempotency-Key ${name}`, '400 idempotency_key_invalid', async (house) => {
    const { status, code } = await ask(house, '/v1/customers', key, customer('x'));
    return `${status} ${code}`;
  });

export const replays: readonly Attack[] = [
  replay('a customer twice', 'one customer, replayed', async (house) => {
    const key = randomUUID();
    const first = await ask(house, '/v1/customers', key, customer('twice'));
    const again = await ask(house, '/v1/customers', key, customer('twice'));
    return first.id === again.id && again.replayed ? 'one customer, replayed' : 'two';
  }),
  replay('20 at the same moment', 'one customer', async (house) => {
    const key = randomUUID();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => ask(house, '/v1/customers', key, customer('at once'))),
    );
    const made = new Set(all.filter(({ status }) => status === 201).map(({ id }) => id));
    const odd = all.find(({ status, code }) => status !== 201 && code !== 'idempotency_in_flight');
    if (odd !== undefined) return `${odd.status} ${odd.code}`;
    return made.size === 1 ? 'one customer' : `${made.size} customers`;
  }),
  replay('another body', '422 idempotency_mismatch', async (house) => {
    const key = randomUUID();
    await ask(house, '/v1/customers', key, customer('a'));
    const { status, code } = await ask(house, '/v1/customers', key, customer('b'));
    return `${status} ${code}`;
  }),
  replay('another path', '422 idempotency_mismatch', async (house) => {
    const key = randomUUID();
    await ask(house, '/v1/customers', key, customer('a'));
    const body = { customer_id: house.stranger.customerId, name: 'a' };
    const { status, code } = await ask(house, '/v1/teams', key, body);
    return `${status} ${code}`;
  }),
  replay('a key twice', 'one key, the same secret', async (house) => {
    const key = randomUUID();
    const body = { customer_id: house.stranger.customerId, name: 'replayed' };
    const first = await ask(house, '/v1/keys', key, body);
    const again = await ask(house, '/v1/keys', key, body);
    const isSame = first.id === again.id && first.secret === again.secret && first.secret !== null;
    return isSame ? 'one key, the same secret' : 'two';
  }),
  replay(
    'a key twice, the second time by somebody who guesses',
    '422 idempotency_mismatch',
    async (house) => {
      const key = randomUUID();
      await ask(house, '/v1/keys', key, { customer_id: house.honest.customerId, name: 'mine' });
      const other = { customer_id: house.stranger.customerId, name: 'mine' };
      const { status, code } = await ask(house, '/v1/keys', key, other);
      return `${status} ${code}`;
    },
  ),
  bad('of 256 characters', 'k'.repeat(256)),
  bad('that is none', ''),
  bad('of other letters', 'schl\u00fcssel'),
];
