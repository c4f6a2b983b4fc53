/**
 * What the ledger on EventStoreDB promises when answers are lost, connections break or the server is
 * away, with the official client against the stand-in server.
 */
import { randomUUID } from 'node:crypto';
import { openEventStoreLedger } from '@tollgate/adapters/ledger/eventstore-ledger.ts';
import type { EventStoreLimits } from '@tollgate/adapters/ledger/eventstore-limits.ts';
import type { Ledger, NewLedgerEvent, SubscriptionItem } from '@tollgate/adapters/ledger/ledger.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EventStoreStandIn,
  startEventStoreStandIn,
} from '../engines/eventstore-stand-in/server.ts';

/** Short, so that the client soon gives up on a lost answer. */
const IMPATIENT: Partial<EventStoreLimits> = {
  answerDeadlineMs: 1_000,
  attemptTimeoutMs: 200,
  lookTimeoutMs: 300,
  silenceMaxMs: 300,
  retryPauseMs: { first: 10, max: 50 },
};

const ignore = () => undefined;

type Subscription = Parameters<Ledger['subscribe']>[0];

describe('the ledger on EventStoreDB when things fail', () => {
  let standIn: EventStoreStandIn;
  let ledger: Ledger;
  beforeEach(async () => {
    standIn = await startEventStoreStandIn();
    const { connectionString } = standIn;
    ledger = await openEventStoreLedger({ connectionString, limits: IMPATIENT });
  });
  afterEach(async () => {
    standIn.faults.resume();
    await ledger.close();
    await standIn.stop();
  });

  const event = (i: number): NewLedgerEvent => ({ id: randomUUID(), type: 'A', data: { i } });
  const numbers = (items: readonly SubscriptionItem[]) =>
    items.flatMap((item) => (item.kind === 'event' ? [(item.event.data as { i: number }).i] : []));
  const firstLoss = async (): Promise<unknown> => {
    const { signal } = new AbortController();
    try {
      for await (const item of ledger.subscribe({ prefixes: ['a-'], after: null, signal })) {
        if (item.kind === 'caught_up') onLevel();
      }
    } catch (error) {
      return (error as Error).cause;
    }
    return null;
  };
  let onLevel: () => void = ignore;

  it('stores an append once although its answers were lost, and reports it as done', async () => {
    standIn.faults.loseResponses(2);
    const result = await ledger.append('a-1', 'no_stream', [event(0), event(1)]);
    expect(result).toMatchObject({ ok: true, revision: 1n });
    expect(standIn.faults.calls).toMatchObject({ append: 3, batchAppend: 0 });
    expect(await ledger.read('a-1')).toHaveLength(2);
  });

  it('rejects an append whose answers are all lost, and confirms it later', async () => {
    const events = [event(0)];
    standIn.faults.loseResponses(1_000);
    await expect(ledger.append('a-1', 'no_stream', events)).rejects.toThrow('append failed');
    standIn.faults.loseResponses(0);
    const again = await ledger.append('a-1', 'no_stream', events);
    expect(again).toMatchObject({ ok: true, revision: 0n });
    expect(await ledger.read('a-1')).toHaveLength(1);
  });

  it('appends through broken connections, each append once', async () => {
    const appends = Array.from({ length: 40 }, async (_, i) => {
      const result = await ledger.append(`a-${i}`, 'no_stream', [event(i)]);
      if (i % 10 === 0) await standIn.dropConnections();
      return result.ok;
    });
    expect(await Promise.all(appends)).toEqual(appends.map(() => true));
    const stored = await Promise.all(appends.map((_, i) => ledger.read(`a-${i}`)));
    expect(stored.map((events) => events.length)).toEqual(appends.map(() => 1));
  });

  it.each(['is away', 'is stopped'])('rejects within the deadline when it %s', async (how) => {
    if (how === 'is away') standIn.halt();
    else standIn.faults.stall();
    const startMs = performance.now();
    const results = await Promise.allSettled([
      ledger.append('a-1', 'no_stream', [event(0)]),
      ledger.read('a-1'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(performance.now() - startMs).toBeLessThan(3_000);
    if (how === 'is away') await standIn.start();
    else standIn.faults.resume();
    expect(await ledger.append('a-2', 'no_stream', [event(1)])).toMatchObject({ ok: true });
  });

  it('misses and doubles nothing when subscriptions break', async () => {
    const total = 60;
    const abort = new AbortController();
    const items: SubscriptionItem[] = [];
    let losses = 0;
    const follow = async (): Promise<void> => {
      let after: string | null = null;
      while (!abort.signal.aborted) {
        try {
          const wanted: Subscription = { prefixes: ['a-'], after, signal: abort.signal };
          for await (const item of ledger.subscribe(wanted)) {
            items.push(item);
            if (item.kind === 'event') after = item.event.position;
            if (numbers(items).length === total) abort.abort();
          }
        } catch {
          losses++;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    };
    const following = follow();
    for (let i = 0; i < total; i++) {
      await ledger.append(`a-${i}`, 'no_stream', [event(i)]);
      await ledger.append(`b-${i}`, 'no_stream', [event(-1)]);
      if (i === 20) await standIn.dropConnections();
      if (i === 40) standIn.endSubscriptions();
    }
    await following;
    expect(numbers(items)).toEqual(Array.from({ length: total }, (_, i) => i));
    expect(losses).toBeGreaterThanOrEqual(2);
  });

  it('reports a subscription that ends normally, falls silent, or is not answered', async () => {
    onLevel = () => standIn.endSubscriptions();
    expect(String(await firstLoss())).toContain('has ended the subscription');
    onLevel = () => {
      standIn.faults.silenceSubscriptions(true);
      ledger.append('a-1', 'no_stream', [event(0)]).catch(ignore);
    };
    expect(String(await firstLoss())).toContain('is silent');
    standIn.faults.silenceSubscriptions(false);
    onLevel = () => standIn.faults.stall();
    expect(String(await firstLoss())).toContain('no full answer');
  });

  it('catches up past many unwanted events, and starts after them the next time', async () => {
    await ledger.append('a-1', 'no_stream', [event(0)]);
    const many = Array.from({ length: 100 }, (_, i) => event(i));
    for (let i = 0; i < 8; i++) {
      await ledger.append(`b-${i}`, 'no_stream', many);
    }
    const level = async (after: string | null): Promise<number[]> => {
      const { signal } = new AbortController();
      const items: SubscriptionItem[] = [];
      for await (const item of ledger.subscribe({ prefixes: ['a-'], after, signal })) {
        items.push(item);
        if (item.kind === 'caught_up') break;
      }
      return numbers(items);
    };
    expect(await level(null)).toEqual([0]);
    const [first] = await ledger.read('a-1');
    const before = standIn.faults.lookedAt;
    expect(await level(first?.position ?? null)).toEqual([]);
    expect(standIn.faults.lookedAt - before).toBe(0);
  });

  it('never delivers the events of the server itself', async () => {
    await ledger.append('$stats-1', 'no_stream', [event(0)]);
    await ledger.append('a-1', 'no_stream', [event(1)]);
    const { signal } = new AbortController();
    const items: SubscriptionItem[] = [];
    for await (const item of ledger.subscribe({ prefixes: [''], after: null, signal })) {
      items.push(item);
      if (item.kind === 'caught_up') break;
    }
    expect(numbers(items)).toEqual([1]);
  });

  it('refuses settings that would break its promises, without naming the password', async () => {
    const data = { text: 'x'.repeat(1_000_000) };
    const append = ledger.append('a-1', 'no_stream', [{ ...event(0), data }]);
    await expect(append).rejects.toThrow('too large');
    const open = (connectionString: string) => openEventStoreLedger({ connectionString });
    await expect(open('esdb://me:secret@')).rejects.toThrow(/^(?!.*secret)/);
    await expect(open('esdb://h?throwOnAppendFailure=false')).rejects.toThrow('leave it out');
  });
});
