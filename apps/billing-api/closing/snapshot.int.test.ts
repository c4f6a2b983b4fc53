import { sha256, sha256Hex, toHex } from '@tollgate/adapters/digest/sha256.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { canonicalJson } from '@tollgate/domain/proof/canonical-json.ts';
import { leafHash, merkleBuilder } from '@tollgate/domain/proof/merkle.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attempt,
  type ClosingHouse,
  openClosingHouse,
  unknownOutcome,
} from './testing/closing-house.ts';
import { dyingAt } from './testing/dying-ledger.ts';
import {
  AFTER_FEBRUARY,
  AFTER_JANUARY,
  billingOf,
  bodyOf,
  closeAt,
  customerInJanuary,
  FEBRUARY,
  invoiceOf,
  JANUARY,
  textOf,
} from './testing/january.ts';

let house: ClosingHouse;
beforeAll(async () => {
  house = await openClosingHouse();
});
afterAll(() => house.close());

/** What a collector metered in January. */
function collected(customerId: string, change: Partial<UsageEvent>): UsageEvent {
  const ours = { type: 'external', call_id: null, attempt: 0 } as const;
  const theirs = { source: 'collector', external_type: 'llm.usage' };
  return attempt(customerId, JANUARY, { ...ours, ...theirs, ...change });
}

describe('the snapshot of a period', () => {
  it('freezes its usage, issues the invoice and opens the next period', async () => {
    const customerId = await customerInJanuary(house);
    const events = [
      attempt(customerId, JANUARY),
      attempt(customerId, JANUARY, { usage_source: 'estimated' }),
      attempt(customerId, JANUARY, unknownOutcome),
      attempt(customerId, FEBRUARY),
    ];
    await house.append(...events);
    const result = await closeAt(house, AFTER_JANUARY, customerId);
    expect(result).toMatchObject({ failed: [], closed: [{ customerId }] });
    const billing = await billingOf(house, customerId);
    expect(billing.periods.map(({ status }) => status)).toEqual(['frozen', 'open']);
    const body = bodyOf(billing, 1);
    expect(body).toMatchObject({
      number: 1,
      start: '2026-01-01T00:00:00.000Z',
      end: '2026-02-01T00:00:00.000Z',
      previous: null,
      totals: { events: 3, input_tokens: 2000, requests: 2, cost: '0.002000000000' },
      version: 2,
      unresolved: {
        count: 1,
        event_ids: [events[2]?.id],
        lines: [{ type: 'attempt', external_type: null, events: 1, input_tokens: null }],
      },
      leaves: { count: 3 },
      markup_ppm: 200_000,
    });
    expect(body.lines.map((line) => [line.usage_source, line.events, line.cost])).toEqual([
      ['estimated', 1, '0.001000000000'],
      ['provider', 1, '0.001000000000'],
    ]);
    const { body: invoice, issued } = await invoiceOf(house, billing, 1);
    expect(invoice.lines).toHaveLength(1);
    // 0.002 USD and 20 % are 0.24 cents.
    expect(invoice).toMatchObject({ total_minor: 0, unresolved: { count: 1 } });
    expect(issued.hash).toBe(sha256Hex(issued.body));
    expect(issued.snapshot_hash).toBe(sha256Hex(textOf(billing, 1)));
  });

  it('the body is RFC 8785 text, its hash is over it, and the root is that of the log (I5)', async () => {
    const customerId = await customerInJanuary(house);
    const events = Array.from({ length: 9 }, () => attempt(customerId, JANUARY));
    const records = await house.append(...events);
    await closeAt(house, AFTER_JANUARY, customerId);
    const billing = await billingOf(house, customerId);
    const text = textOf(billing, 1);
    expect(text).toBe(canonicalJson(JSON.parse(text)));
    expect(frozenPeriod(billing, 1)?.snapshot.hash).toBe(sha256Hex(text));
    const tree = merkleBuilder(sha256);
    for (const record of records) tree.add(leafHash(sha256, record));
    expect(bodyOf(billing, 1).leaves).toEqual({ count: 9, merkle_root: toHex(tree.root()) });
  });

  it('usage that arrives late is a line of the next snapshot, and the first does not change (I4)', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(attempt(customerId, JANUARY));
    await closeAt(house, AFTER_JANUARY, customerId);
    const before = textOf(await billingOf(house, customerId), 1);
    const veryOld = attempt(customerId, '2025-06-01T00:00:00.000Z');
    await house.append(attempt(customerId, JANUARY), veryOld, attempt(customerId, FEBRUARY));
    await house.append(attempt(customerId, '2026-03-05T00:00:00.000Z'));
    await closeAt(house, AFTER_FEBRUARY, customerId);
    const billing = await billingOf(house, customerId);
    expect(textOf(billing, 1)).toBe(before);
    const second = bodyOf(billing, 2);
    expect(second.lines.map((line) => [line.kind, line.period_number, line.events])).toEqual([
      ['late_usage', 1, 2],
      ['usage', 2, 1],
    ]);
    const first = frozenPeriod(billing, 1)?.snapshot;
    expect(second.previous).toEqual({ snapshot_id: first?.id, hash: first?.hash });
  });

  it('every event is in exactly one snapshot, whenever it arrives (I4)', async () => {
    const customerId = await customerInJanuary(house);
    const times = [JANUARY, '2026-02-01T00:00:00.000Z', FEBRUARY, '2026-03-10T00:00:00.000Z'];
    const closings = ['2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01'];
    for (const day of closings) {
      await house.append(...times.map((time) => attempt(customerId, time)));
      await closeAt(house, parseInstant(`${day}T02:00:00.000Z`), customerId);
    }
    const billing = await billingOf(house, customerId);
    const bodies = [1, 2, 3, 4].map((number) => bodyOf(billing, number));
    expect(bodies.map((body) => body.totals.events)).toEqual([1, 5, 6, 4]);
  });

  it('a snapshot holds the usage of its customer alone (I10)', async () => {
    const [mine, other] = [await customerInJanuary(house), await customerInJanuary(house)];
    await house.append(attempt(mine, JANUARY), attempt(other, JANUARY), attempt(other, JANUARY));
    await closeAt(house, AFTER_JANUARY, mine);
    await closeAt(house, AFTER_JANUARY, other);
    const bodies = [
      bodyOf(await billingOf(house, mine), 1),
      bodyOf(await billingOf(house, other), 1),
    ];
    expect(bodies.map(({ totals, leaves }) => [totals.events, leaves.count])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('a resolution is billed where its attempt was, or as late usage once that is closed (I8)', async () => {
    const customerId = await customerInJanuary(house);
    const [known, open] = [1, 2].map(() => attempt(customerId, JANUARY, unknownOutcome));
    const resolutionOf = (id: string | undefined) =>
      attempt(customerId, JANUARY, {
        type: 'resolution',
        resolves_id: id ?? null,
        usage_source: 'reconciled',
        cost: '0.500000000000',
      });
    await house.append(known!, open!, resolutionOf(known?.id));
    await closeAt(house, AFTER_JANUARY, customerId);
    await house.append(resolutionOf(open?.id));
    await closeAt(house, AFTER_FEBRUARY, customerId);
    const billing = await billingOf(house, customerId);
    expect(bodyOf(billing, 1).unresolved).toMatchObject({ count: 1, event_ids: [open?.id] });
    expect(bodyOf(billing, 2)).toMatchObject({
      unresolved: { count: 0 },
      lines: [{ kind: 'late_usage', usage_source: 'reconciled', cost: '0.500000000000' }],
    });
    const amounts = [1, 2].map(async (n) => (await invoiceOf(house, billing, n)).body.total_minor);
    expect(await Promise.all(amounts)).toEqual([60, 60]);
  });

  it('bills no imported history, says how much it left out, and history suppresses nothing', async () => {
    const customerId = await customerInJanuary(house);
    const history = { type: 'history', price_source: 'imported', price_version: null } as const;
    const events = [
      attempt(customerId, JANUARY),
      collected(customerId, { id: 'same', source: 'history/litellm' }),
      collected(customerId, { ...history, id: 'same', source: 'history/litellm' }),
      // Late, too: whenever it comes, it is nobody's late usage.
      collected(customerId, { ...history, id: 'unpriced', cost: null }),
    ];
    await house.append(...events.toReversed());
    await closeAt(house, AFTER_JANUARY, customerId);
    const first = await billingOf(house, customerId);
    expect(bodyOf(first, 1)).toMatchObject({
      history: { events: 2, cost: '0.001000000000' },
      totals: { events: 2, cost: '0.002000000000' },
      leaves: { count: 2 },
      unresolved: { count: 0 },
    });
    await house.append(collected(customerId, { ...history, id: 'late' }));
    await closeAt(house, AFTER_FEBRUARY, customerId);
    const second = bodyOf(await billingOf(house, customerId), 2);
    expect(second).toMatchObject({ history: { events: 1 }, lines: [], totals: { events: 0 } });
  });

  it('I8: lists an event of a collector without a price or a quantity, and gives it no line', async () => {
    const customerId = await customerInJanuary(house);
    const resolved = attempt(customerId, JANUARY, unknownOutcome);
    const resolution = { type: 'resolution', resolves_id: resolved.id } as const;
    const events = [
      resolved,
      attempt(customerId, JANUARY, resolution),
      // Whatever its id: a collector may have any, that of a resolved attempt too.
      collected(customerId, { id: resolved.id, model_served: 'own-model', cost: null }),
      collected(customerId, { ...unknownOutcome, external_type: 'gpu.seconds' }),
      collected(customerId, {}),
    ];
    await house.append(...events);
    await closeAt(house, AFTER_JANUARY, customerId);
    const billing = await billingOf(house, customerId);
    const { unresolved, lines, totals } = bodyOf(billing, 1);
    const open = { count: 2, event_ids: [events[2]?.id, events[3]?.id] };
    const line = { kind: 'usage', period_number: 1, type: 'external', events: 1 };
    expect(unresolved).toMatchObject({
      ...open,
      lines: [
        { ...line, model: 'gpt-4o', external_type: 'gpu.seconds', input_tokens: null },
        { ...line, model: 'own-model', external_type: 'llm.usage', input_tokens: 1000 },
      ],
    });
    expect(lines.map(({ model }) => model)).not.toContain('own-model');
    expect(totals).toMatchObject({ events: 5, input_tokens: 3000, cost: '0.002000000000' });
    const { body: invoice } = await invoiceOf(house, billing, 1);
    expect(invoice.unresolved).toEqual(open);
    expect(invoice.lines.map(({ model }) => model)).toEqual(['gpt-4o']);
  });

  it('I4: what a collector sends again once it is priced is late usage of the next snapshot', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(collected(customerId, { cost: null }));
    await closeAt(house, AFTER_JANUARY, customerId);
    await house.append(collected(customerId, { id: 'again' }));
    await closeAt(house, AFTER_FEBRUARY, customerId);
    const billing = await billingOf(house, customerId);
    expect(bodyOf(billing, 1)).toMatchObject({ lines: [], unresolved: { count: 1 } });
    expect(bodyOf(billing, 2)).toMatchObject({
      unresolved: { count: 0, lines: [] },
      lines: [{ kind: 'late_usage', period_number: 1, cost: '0.001000000000' }],
    });
  });

  it('late usage is marked up as its own period was, not as it would be now', async () => {
    const customerId = await customerInJanuary(house);
    await closeAt(house, AFTER_JANUARY, customerId);
    await house.markUp(customerId, 500_000);
    const cost = '1.000000000000';
    await house.append(attempt(customerId, JANUARY, { cost }));
    await house.append(attempt(customerId, FEBRUARY, { cost }));
    await closeAt(house, AFTER_FEBRUARY, customerId);
    const { body } = await invoiceOf(house, await billingOf(house, customerId), 2);
    expect(body.lines.map((line) => [line.kind, line.markup_ppm, line.amount_minor])).toEqual([
      ['late_usage', 200_000, 120],
      ['usage', 500_000, 150],
    ]);
  });

  it('a mark-up that changes after the closing began does not change the snapshot (I5)', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(attempt(customerId, JANUARY));
    await closeAt(house, AFTER_JANUARY, customerId, {
      ...house.deps,
      ledger: dyingAt(house.deps.ledger, 4),
    });
    await house.markUp(customerId, 500_000);
    await closeAt(house, AFTER_JANUARY, customerId);
    expect(bodyOf(await billingOf(house, customerId), 1).markup_ppm).toBe(200_000);
  });

  it('an empty period has a snapshot with the root of nothing and an invoice of nothing', async () => {
    const customerId = await customerInJanuary(house);
    await closeAt(house, AFTER_JANUARY, customerId);
    const billing = await billingOf(house, customerId);
    expect(bodyOf(billing, 1).lines).toEqual([]);
    expect(bodyOf(billing, 1).leaves).toEqual({
      count: 0,
      merkle_root: toHex(sha256(new Uint8Array())),
    });
    expect((await invoiceOf(house, billing, 1)).body.total_minor).toBe(0);
  });

  it('duplicates are counted once, and a second count is refused by name (I2)', async () => {
    const customerId = await customerInJanuary(house);
    const once = attempt(customerId, JANUARY);
    await house.append(once, once);
    await closeAt(house, AFTER_JANUARY, customerId);
    const body = bodyOf(await billingOf(house, customerId), 1);
    expect([body.totals.events, body.leaves.count]).toEqual([1, 1]);
  });
});
