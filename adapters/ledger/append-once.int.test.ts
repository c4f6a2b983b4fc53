import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { appendOnce, StreamTail } from './append-once.ts';
import { teamEvents } from './categories.ts';
import type { Ledger, NewLedgerEvent } from './ledger.ts';
import { newLedgerEvent } from './new-event.ts';
import {
  type AppendFate,
  type LedgerHouse,
  openLedgerHouse,
  withFates,
} from './testing/ledger-house.ts';

let house: LedgerHouse;
beforeAll(async () => {
  house = await openLedgerHouse();
});
afterAll(() => house.close());

let streams = 0;

/** A stream of its own, with events that others have appended. */
async function newStream(others: number) {
  const stream = teamEvents.of(`team_${++streams}`);
  const event = (name: string): NewLedgerEvent =>
    newLedgerEvent(stream, { type: 'TeamUpdated', data: { team_id: stream, name } }, name);
  const append = async (name: string) => {
    const past = await house.ledger.read(stream);
    await house.ledger.append(stream, past.at(-1)?.revision ?? 'no_stream', [event(name)]);
  };
  for (let other = 0; other < others; other++) await append(`other ${other}`);
  const names = async () =>
    (await house.ledger.read(stream)).map(({ data }) => (data as { name: string }).name);
  return { stream, event, append, names };
}

/** A ledger that counts what is asked of it. */
function counting(fates: AppendFate[] = []) {
  const asked = { appends: 0, reads: [] as (bigint | undefined)[] };
  const ledger: Ledger = { ...withFates(house.ledger, fates) };
  const { append, read } = ledger;
  ledger.append = (...of) => {
    asked.appends++;
    return append(...of);
  };
  ledger.read = (stream, options) => {
    asked.reads.push(options?.fromRevision);
    return read(stream, options);
  };
  return { ledger, asked };
}

describe('several events that are appended once', () => {
  it.each<[string, AppendFate[]]>([
    ['is taken', []],
    ['is lost', ['lost']],
    ['arrives without an answer', ['answer_lost']],
  ])('are there once, in order, in one append, when it %s', async (_, fates) => {
    const { stream, event, names } = await newStream(1);
    const { ledger, asked } = counting(fates);
    const tail = new StreamTail(ledger, stream);
    await tail.appendAllOnce([event('a'), event('b')]);
    await tail.appendAllOnce([event('b'), event('c')]);
    expect(await names()).toEqual(['other 0', 'a', 'b', 'c']);
    expect(asked.appends).toBe(2 + (fates[0] === 'lost' ? 1 : 0));
  });

  it('of none there is nothing to ask', async () => {
    const { stream } = await newStream(0);
    const { ledger, asked } = counting();
    await new StreamTail(ledger, stream).appendAllOnce([]);
    expect(asked).toEqual({ appends: 0, reads: [] });
  });
});

describe('an event that is appended once', () => {
  it('comes behind what is there, and is answered as the ledger has it', async () => {
    const { stream, event, names } = await newStream(2);
    const stored = await appendOnce(house.ledger, stream, event('mine'));
    expect(stored).toMatchObject({ ...event('mine'), stream, revision: 2n });
    expect(await names()).toEqual(['other 0', 'other 1', 'mine']);
  });

  it('begins a stream', async () => {
    const { stream, event } = await newStream(0);
    expect(await appendOnce(house.ledger, stream, event('mine'))).toMatchObject({ revision: 0n });
  });

  it('is not appended again, and the figures of the first append count', async () => {
    const { stream, event, names } = await newStream(1);
    await appendOnce(house.ledger, stream, event('mine'));
    const { ledger, asked } = counting();
    const again = { ...event('mine'), data: { team_id: stream, name: 'other figures' } };
    const stored = await appendOnce(ledger, stream, again);
    expect(stored).toMatchObject({ data: { name: 'mine' }, revision: 1n });
    expect([asked.appends, await names()]).toEqual([0, ['other 0', 'mine']]);
  });

  it.each<[string, AppendFate[]]>([
    ['is lost twice', ['lost', 'lost']],
    ['arrives without an answer', ['answer_lost']],
  ])('is there once when its append %s', async (_, fates) => {
    const { stream, event, names } = await newStream(1);
    const stored = await appendOnce(withFates(house.ledger, fates), stream, event('mine'));
    expect(stored.revision).toBe(1n);
    expect(await names()).toEqual(['other 0', 'mine']);
  });

  it('is appended behind what came first', async () => {
    const { stream, event, append, names } = await newStream(1);
    const first = () => append('first');
    const second = () => append('second');
    await appendOnce(withFates(house.ledger, [first, second]), stream, event('mine'));
    expect(await names()).toEqual(['other 0', 'first', 'second', 'mine']);
  });

  it('is given up when the caller gives up, in the middle of a pause too', async () => {
    const { stream, event, names } = await newStream(0);
    const abort = new AbortController();
    const ledger: Ledger = {
      ...house.ledger,
      append: async () => {
        setTimeout(() => abort.abort(new Error('enough')), 1);
        throw new Error('away');
      },
    };
    const appending = appendOnce(ledger, stream, event('mine'), { signal: abort.signal });
    await expect(appending).rejects.toThrow('enough');
    expect(await names()).toEqual([]);
  });
});

describe('the tail of a stream', () => {
  it('reads what lies before a known revision never, and each event once', async () => {
    const { stream, event, names } = await newStream(3);
    const { ledger, asked } = counting();
    const tail = new StreamTail(ledger, stream, 2n);
    await tail.appendOnce(event('a'));
    await tail.appendOnce(event('b'));
    expect(await names()).toEqual(['other 0', 'other 1', 'other 2', 'a', 'b']);
    // What came behind the known revision made the first append fail; then once behind each.
    expect([asked.appends, asked.reads]).toEqual([3, [2n, 3n, 4n]]);
  });

  it('appends at the known revision when nothing follows it', async () => {
    const { stream, event } = await newStream(3);
    const { ledger, asked } = counting();
    const stored = await new StreamTail(ledger, stream, 3n).appendOnce(event('mine'));
    expect(stored.revision).toBe(3n);
    expect(asked).toEqual({ appends: 1, reads: [3n] });
  });

  it('that another process appended it to says what that one said', async () => {
    const { stream, event, names } = await newStream(2);
    await house.ledger.append(stream, 1n, [event('mine')]);
    const again = { ...event('mine'), data: { team_id: stream, name: 'other figures' } };
    const stored = await new StreamTail(house.ledger, stream, 2n).appendOnce(again);
    expect(stored).toMatchObject({ data: { name: 'mine' }, revision: 2n });
    expect(await names()).toEqual(['other 0', 'other 1', 'mine']);
  });

  it('says so when the ledger has lost an event that it had', async () => {
    const { stream, event } = await newStream(0);
    const ledger: Ledger = {
      ...house.ledger,
      read: async (of, options) => {
        const found = await house.ledger.read(of, options);
        return options?.limit === 1 ? [] : found;
      },
    };
    const abort = new AbortController();
    const tail = new StreamTail(ledger, stream);
    await tail.appendOnce(event('mine'));
    const failing = tail.appendOnce(event('mine'), abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(failing).rejects.toThrow('enough');
  });
});

it('a ledger that stays away is an error in the end, with its cause', async () => {
  vi.useFakeTimers();
  let tries = 0;
  const read = async () => {
    tries++;
    throw new Error('away');
  };
  const event = { id: crypto.randomUUID(), type: 'TeamUpdated', data: {} };
  const outcome = appendOnce({ ...house.ledger, read }, 'team-1', event).catch((error) => error);
  await vi.advanceTimersByTimeAsync(20 + 40 + 80 + 160 + 320 + 640 + 1_280 + 2_000 * 92);
  expect(tries).toBe(100);
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
  const error = await outcome;
  expect(error.message).toBe('team-1: append of TeamUpdated did not succeed');
  expect(error.cause).toEqual(new Error('away'));
});
