import type { TeamEvent } from '@tollgate/domain/customer/customer-events.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { teamEvents } from './categories.ts';
import type { NewLedgerEvent } from './ledger.ts';
import { newLedgerEvent } from './new-event.ts';
import { foldStream, readEvents, readStream } from './read-stream.ts';
import { type LedgerHouse, openLedgerHouse } from './testing/ledger-house.ts';

let house: LedgerHouse;
const stream = teamEvents.of('team_1');
const names = ['a', 'b', 'c', 'd', 'e', 'f'];

beforeAll(async () => {
  house = await openLedgerHouse();
  const events = names.map(
    (name): NewLedgerEvent =>
      newLedgerEvent(stream, { type: 'TeamUpdated', data: { team_id: 'team_1', name } }, name),
  );
  await house.ledger.append(stream, 'no_stream', events);
});
afterAll(() => house.close());

async function namesRead(options: { fromRevision?: bigint; pageEvents?: number }) {
  const found: string[] = [];
  for await (const { data } of readStream(house.ledger, stream, options)) {
    found.push((data as { name: string }).name);
  }
  return found;
}

it.each([1, 2, 3, 4, 5, 6, 7])('reads every page of a stream, by %i events', async (pageEvents) => {
  expect(await namesRead({ pageEvents })).toEqual(names);
  expect(await namesRead({ pageEvents, fromRevision: 2n })).toEqual(names.slice(2));
  expect(await namesRead({ pageEvents, fromRevision: 6n })).toEqual([]);
});

it('asks for no more than a page, and for no page after the last', async () => {
  const asked: unknown[] = [];
  const ledger = {
    read: (of: string, options?: { fromRevision?: bigint; limit?: number }) => {
      asked.push([of, options?.fromRevision, options?.limit]);
      return house.ledger.read(of, options);
    },
  };
  for await (const _ of readStream(ledger, stream, { pageEvents: 4 }));
  expect(asked).toEqual([
    [stream, 0n, 4],
    [stream, 4n, 4],
  ]);
});

it('reads typed events with the place that each is stored at', async () => {
  const found: unknown[] = [];
  const events = readEvents(house.ledger, teamEvents, stream, { fromRevision: 5n, pageEvents: 1 });
  for await (const { event, at } of events) found.push([event, at.revision]);
  const last = { type: 'TeamUpdated', data: { team_id: 'team_1', name: 'f' } };
  expect(found).toEqual([[last, 5n]]);
});

it('folds all pages, and says what an append has to expect', async () => {
  const joined = (text: string, event: TeamEvent, revision: bigint) =>
    `${text}${revision}${'name' in event.data ? event.data.name : ''}`;
  const options = { category: teamEvents, stream, pageEvents: 2 };
  expect(await foldStream(house.ledger, options, joined, '')).toEqual({
    state: '0a1b2c3d4e5f',
    revision: 5n,
  });
  const none = { ...options, stream: teamEvents.of('team_2') };
  expect(await foldStream(house.ledger, none, joined, 'new')).toEqual({
    state: 'new',
    revision: 'no_stream',
  });
});

it('stops at an event that is not what its schema says', async () => {
  const broken = teamEvents.of('team_3');
  const data = { name: 'no team' };
  await house.ledger.append(broken, 'no_stream', [
    { id: crypto.randomUUID(), type: 'TeamUpdated', data },
  ]);
  const options = { category: teamEvents, stream: broken };
  await expect(foldStream(house.ledger, options, () => 0, 0)).rejects.toThrow('team_id');
});
