/**
 * The promises of the port Ledger, as a suite over a factory: run for every implementation.
 */
import { randomUUID } from 'node:crypto';
import type { Ledger, NewLedgerEvent, SubscriptionItem } from '@tollgate/adapters/ledger/ledger.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export type LedgerFactory = {
  fresh(): Promise<{ ledger: Ledger; reopen(): Promise<Ledger>; dispose(): Promise<void> }>;
};

const event = (type: string, data: unknown = {}): NewLedgerEvent => ({
  id: randomUUID(),
  type,
  data,
});

/** Reads a subscription until `enough` says so. */
async function collect(
  ledger: Ledger,
  options: { prefixes: string[]; after: string | null },
  enough: (items: SubscriptionItem[]) => boolean,
): Promise<SubscriptionItem[]> {
  const abort = new AbortController();
  const items: SubscriptionItem[] = [];
  for await (const item of ledger.subscribe({ ...options, signal: abort.signal })) {
    items.push(item);
    if (enough(items)) break;
  }
  abort.abort();
  return items;
}

const isLevel = (items: SubscriptionItem[]) => items.at(-1)?.kind === 'caught_up';
const eventsOf = (items: SubscriptionItem[]) =>
  items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));

export function ledgerContract(name: string, factory: LedgerFactory): void {
  describe(`Ledger contract: ${name}`, () => {
    let opened: Awaited<ReturnType<LedgerFactory['fresh']>>;
    beforeEach(async () => {
      opened = await factory.fresh();
    });
    afterEach(() => opened.dispose());

    it('appends with the expected revision and reads back in order', async () => {
      const { ledger } = opened;
      const data = { text: 'ünï', number: 3, nested: { list: [1, null] } };
      const first = await ledger.append('a-1', 'no_stream', [event('A', data), event('B')]);
      const second = await ledger.append('a-1', 1n, [event('C')]);
      const stored = await ledger.read('a-1');
      expect([first, second].map((r) => (r.ok ? r.revision : 'conflict'))).toEqual([1n, 2n]);
      expect(stored.map((e) => [e.stream, e.revision, e.type])).toEqual([
        ['a-1', 0n, 'A'],
        ['a-1', 1n, 'B'],
        ['a-1', 2n, 'C'],
      ]);
      expect(stored[0]?.data).toEqual(data);
    });

    it('refuses an append that was decided from something else, and says from what', async () => {
      const { ledger } = opened;
      expect(await ledger.append('a-1', 0n, [event('A')])).toEqual({
        ok: false,
        actual: 'no_stream',
      });
      await ledger.append('a-1', 'no_stream', [event('A')]);
      const late = await ledger.append('a-1', 'no_stream', [event('B')]);
      const early = await ledger.append('a-1', 5n, [event('B')]);
      expect([late, early]).toEqual([
        { ok: false, actual: 0n },
        { ok: false, actual: 0n },
      ]);
      expect(await ledger.read('a-1')).toHaveLength(1);
    });

    it('takes the same append again as done, at any time later, and never twice', async () => {
      const { ledger } = opened;
      const events = [event('A'), event('B')];
      const first = await ledger.append('a-1', 'no_stream', events);
      const third = event('C');
      await ledger.append('a-1', 1n, [third]);
      const again = await ledger.append('a-1', 'no_stream', events);
      const partly = await ledger.append('a-1', 0n, [events[1] as NewLedgerEvent, event('D')]);
      expect(again).toEqual(first);
      const longer = await ledger.append('a-1', 1n, [third, event('D')]);
      expect([partly.ok, longer.ok]).toEqual([false, false]);
      expect(await ledger.read('a-1')).toHaveLength(3);
    });

    it('lets one of many concurrent appends win', async () => {
      const other = await opened.reopen();
      const ledgers = [opened.ledger, other];
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (ledgers[i % 2] as Ledger).append('race-1', 'no_stream', [event('A', { i })]),
        ),
      );
      await other.close();
      expect(results.filter((result) => result.ok)).toHaveLength(1);
      expect(await opened.ledger.read('race-1')).toHaveLength(1);
    });

    it('reads a part of a stream', async () => {
      const { ledger } = opened;
      await ledger.append('a-1', 'no_stream', [event('A'), event('B'), event('C'), event('D')]);
      const part = await ledger.read('a-1', { fromRevision: 1n, limit: 2 });
      expect(part.map((e) => e.type)).toEqual(['B', 'C']);
      expect(await ledger.read('nothing-1')).toEqual([]);
    });

    it('delivers the past of the wanted streams in ledger order, then says that it is level', async () => {
      const { ledger } = opened;
      await ledger.append('key-1', 'no_stream', [event('A')]);
      await ledger.append('other-1', 'no_stream', [event('B')]);
      await ledger.append('key-2', 'no_stream', [event('C')]);
      await ledger.append('key-1', 0n, [event('D')]);
      const beforeMs = performance.now();
      const items = await collect(ledger, { prefixes: ['key-'], after: null }, isLevel);
      expect(eventsOf(items).map((e) => e.type)).toEqual(['A', 'C', 'D']);
      const level = items.at(-1);
      expect(level?.kind === 'caught_up' && level.atMonotonicMs >= beforeMs).toBe(true);
      expect(items).toHaveLength(4);
    });

    it('continues after a position, and never skips or repeats', async () => {
      const { ledger } = opened;
      await ledger.append('key-1', 'no_stream', [event('A'), event('B'), event('C')]);
      const all = eventsOf(await collect(ledger, { prefixes: ['key-'], after: null }, isLevel));
      const after = all[0]?.position ?? null;
      const rest = eventsOf(await collect(ledger, { prefixes: ['key-'], after }, isLevel));
      expect(rest.map((e) => e.type)).toEqual(['B', 'C']);
    });

    it('delivers what is appended while it is subscribed to, by any client', async () => {
      const other = await opened.reopen();
      const received = collect(
        opened.ledger,
        { prefixes: ['key-', 'budget-'], after: null },
        (items) => eventsOf(items).length === 30,
      );
      for (let i = 0; i < 30; i++) {
        const ledger = i % 2 === 0 ? opened.ledger : other;
        await ledger.append(`${i % 3 === 0 ? 'key' : 'budget'}-${i}`, 'no_stream', [
          event('A', { i }),
        ]);
      }
      const events = eventsOf(await received);
      await other.close();
      expect(events.map((e) => (e.data as { i: number }).i)).toEqual(
        Array.from({ length: 30 }, (_, i) => i),
      );
    });

    it('says at least every 250 ms that it is level', async () => {
      const enough = (items: SubscriptionItem[]) => items.length >= 5;
      const items = await collect(opened.ledger, { prefixes: ['key-'], after: null }, enough);
      const times = items.flatMap((i) => (i.kind === 'caught_up' ? [i.atMonotonicMs] : []));
      const sorted = [...times].sort((a, b) => a - b);
      expect(times).toEqual(sorted);
      expect(times).toHaveLength(5);
    });
  });
}
