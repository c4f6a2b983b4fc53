import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LedgerFollower } from './follower.ts';
import type { Ledger, LedgerEvent, SubscriptionItem } from './ledger.ts';
import { newLedgerEvent } from './new-event.ts';
import { openLedgerHouse } from './testing/ledger-house.ts';

type Subscription = Parameters<Ledger['subscribe']>[0];
type Script = (subscription: Subscription) => AsyncIterable<SubscriptionItem>;

const retryMs = { first: 1, max: 4 };
let opened: LedgerFollower[] = [];
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await Promise.all(opened.map((follower) => follower.stop()));
  opened = [];
});

function event(position: string): SubscriptionItem {
  const data = { stream: 'a-1', type: 'A', revision: BigInt(position), data: {} };
  return { kind: 'event', event: { ...data, id: position, position, recordedAtMs: 0 } };
}

const level = (): SubscriptionItem => ({ kind: 'caught_up', atMonotonicMs: performance.now() });

/** Follows a ledger whose subscriptions go by these scripts, the last one again and again. */
function follow(...scripts: Script[]) {
  const asked: (string | null)[] = [];
  const applied: string[] = [];
  const lost: string[] = [];
  const ledger = {
    subscribe(subscription: Subscription) {
      asked.push(subscription.after);
      const script = scripts.length > 1 ? scripts.shift() : scripts[0];
      if (script === undefined) throw new Error('no script');
      return script(subscription);
    },
  };
  const follower = new LedgerFollower({
    ledger,
    prefixes: ['a-'],
    retryMs,
    apply: ({ position }: LedgerEvent) => applied.push(position),
    onLost: (error) => lost.push((error as Error).message),
  });
  opened.push(follower);
  return { follower, asked, applied, lost };
}

const away: Script = async function* ({ signal }) {
  await once(signal, 'abort');
  yield* [];
};

/** Level now, and then again whenever the event loop comes round. */
const answering: Script = async function* ({ signal }) {
  while (!signal.aborted) {
    yield level();
    await sleep(1);
  }
};

describe('a follower', () => {
  it('starts when the past has been applied, and knows its age', async () => {
    const { follower, applied, asked } = follow(async function* (subscription) {
      yield event('1');
      yield event('2');
      yield level();
      yield* away(subscription);
    });
    expect(follower.ageMs()).toBe(Number.POSITIVE_INFINITY);
    const before = performance.now();
    await follower.start();
    expect([applied, asked]).toEqual([['1', '2'], [null]]);
    const age = follower.ageMs();
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThanOrEqual(performance.now() - before);
    await sleep(20);
    expect(follower.ageMs()).toBeGreaterThan(age + 15);
  });

  it('goes on from the last event applied when the subscription is lost, or ends normally', async () => {
    const { follower, applied, asked, lost } = follow(
      async function* () {
        yield event('1');
        throw new Error('cut off');
      },
      async function* () {
        yield event('2');
      },
      async function* (subscription) {
        yield event('3');
        yield* answering(subscription);
      },
    );
    await follower.start();
    expect({ applied, asked, lost }).toEqual({
      applied: ['1', '2', '3'],
      asked: [null, '1', '2'],
      lost: ['cut off'],
    });
  });

  it('says so when a ledger cannot even be subscribed to, and tries again', async () => {
    let tries = 0;
    const { follower, lost } = follow((subscription) => {
      if (++tries < 4) throw new Error('closed');
      return answering(subscription);
    });
    await follower.start();
    expect([tries, lost]).toEqual([4, ['closed', 'closed', 'closed']]);
  });

  it('applies an event again that it could not apply, and none after it', async () => {
    const seen: string[] = [];
    const ledger = {
      async *subscribe() {
        yield event('1');
        yield event('2');
        yield level();
      },
    };
    const lost: unknown[] = [];
    const follower = new LedgerFollower({
      ledger,
      prefixes: [],
      retryMs,
      apply: ({ position }) => {
        seen.push(position);
        if (seen.length === 1) throw new Error('unreadable');
      },
      onLost: (error) => lost.push(error),
    });
    opened.push(follower);
    await follower.start();
    expect(seen.slice(0, 3)).toEqual(['1', '1', '2']);
    expect(lost).toEqual([new Error('unreadable')]);
  });

  it('stops before its first catch-up, without a report, and resolves its start', async () => {
    const { follower, lost } = follow(async function* ({ signal }) {
      await once(signal, 'abort');
      yield* [];
      throw new Error('aborted');
    });
    const started = follower.start();
    await sleep(5);
    await follower.stop();
    await started;
    expect(lost).toEqual([]);
    expect(follower.ageMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('stops in the middle of a pause', async () => {
    const lost: string[] = [];
    const follower = new LedgerFollower({
      ledger: {
        subscribe: () => {
          throw new Error('away');
        },
      },
      prefixes: [],
      retryMs: { first: 60_000, max: 60_000 },
      apply: () => undefined,
      onLost: (error) => lost.push((error as Error).message),
    });
    void follower.start();
    await sleep(5);
    await follower.stop();
    expect(lost).toEqual(['away']);
  });

  it('pauses longer after each loss, and shortly again once it was level', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const startMs = Date.now();
    const atMs: number[] = [];
    const follower = new LedgerFollower({
      ledger: {
        async *subscribe(): AsyncGenerator<SubscriptionItem> {
          atMs.push(Date.now() - startMs);
          if (atMs.length === 5) yield level();
          throw new Error('lost');
        },
      },
      prefixes: [],
      retryMs: { first: 20, max: 80 },
      apply: () => undefined,
      onLost: () => undefined,
    });
    void follower.start();
    await vi.advanceTimersByTimeAsync(300);
    await follower.stop();
    expect(atMs).toEqual([0, 20, 60, 140, 220, 240, 280]);
  });
});

describe('a caller that catches up', () => {
  it('waits until the ledger was seen after its call; an earlier look does not count', async () => {
    const early = performance.now();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { follower } = follow(async function* (subscription) {
      yield level();
      await released;
      // A look that began before the call and answered after it.
      yield { kind: 'caught_up', atMonotonicMs: early };
      yield* answering(subscription);
    });
    await follower.start();
    const sinceMs = performance.now();
    const caught = follower.catchUp(10_000);
    release();
    expect(await caught).toBe(true);
    expect(performance.now() - follower.ageMs()).toBeGreaterThanOrEqual(sinceMs);
  });

  it('learns that it came to nothing, in time', async () => {
    const { follower } = follow(away);
    void follower.start();
    const sinceMs = performance.now();
    expect(await follower.catchUp(30)).toBe(false);
    const waitedMs = performance.now() - sinceMs;
    expect(waitedMs).toBeGreaterThanOrEqual(29);
    expect(waitedMs).toBeLessThan(5_000);
    expect(await follower.catchUp(0)).toBe(false);
  });
});

it('calls that give up waiting for a ledger that is down leave nothing behind', async () => {
  const { follower } = follow(away);
  void follower.start();
  await sleep(20);
  const probe = setTimeout(() => undefined, 0);
  const timer = probe.constructor as new () => object;
  clearTimeout(probe);
  const before = queryObjects(timer, { format: 'count' });
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 500 }, () => follower.catchUp(5)));
  }
  expect(queryObjects(timer, { format: 'count' }) - before).toBeLessThan(500);
});

it('follows a real ledger over what is appended while it runs', async () => {
  const house = await openLedgerHouse();
  const names: unknown[] = [];
  const follower = new LedgerFollower({
    ledger: house.ledger,
    prefixes: ['team-'],
    retryMs,
    apply: ({ data }) => names.push((data as { name: string }).name),
    onLost: () => undefined,
  });
  const append = (stream: string, name: string) => {
    const changed = { type: 'TeamUpdated', data: { team_id: 'team_1', name } } as const;
    return house.ledger.append(stream, 'no_stream', [newLedgerEvent(stream, changed, name)]);
  };
  await append('team-1', 'past');
  await follower.start();
  await append('other-1', 'another');
  await append('team-2', 'live');
  expect(await follower.catchUp(10_000)).toBe(true);
  expect(names).toEqual(['past', 'live']);
  await follower.stop();
  await house.close();
});
