import { keyEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KeyHouse, openKeyHouse } from '../testing/key-house.ts';

let house: KeyHouse;
beforeAll(async () => {
  house = await openKeyHouse({ unknownKeyWaitersMax: 4 });
});
afterAll(() => house.close());

it('a key works in the moment in which the answer with its secret was sent, every time', async () => {
  for (let i = 0; i < 20; i++) {
    const { key_id, secret, issued } = house.newKey();
    const stream = keyEvents.of(key_id);
    await house.ledger.append(stream, 'no_stream', [newLedgerEvent(stream, issued, '')]);
    expect(await house.use(secret)).toBe(200);
  }
});

it('an unknown key is refused, and at most so many of them wait at once', async () => {
  const { secret } = house.newKey();
  const answers = await Promise.all(Array.from({ length: 40 }, () => house.use(secret)));
  expect(answers).toEqual(Array(40).fill('invalid_api_key'));
});
