/**
 * Clients of JavaScript as they are, against the proxy: what each can do is a row of docs/clients.md, and
 * what they used is the provider's bill.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ClientHouse, openClientHouse } from './house.ts';
import { jsClients } from './js-clients.ts';
import { committedRow, rowOf, seenOf } from './table.ts';

let house: ClientHouse;
beforeAll(async () => {
  house = await openClientHouse();
});
afterAll(() => house.close());

it.each(jsClients.map((client) => [client.name, client] as const))('%s', async (_, client) => {
  const seen = await seenOf(client, house.gate);
  expect(rowOf(seen)).toBe(committedRow(client.name));
});

it('I1, I8: what the clients used is what the provider has charged', async () => {
  const { billed, events, calls } = await house.figures();
  expect(events).toBe(billed);
  expect(calls).toBeGreaterThan(jsClients.length * 5);
});
