import { sha256, sha256Hex, toHex } from '@tollgate/adapters/digest/sha256.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type Billing, frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { canonicalJson } from '@tollgate/domain/proof/canonical-json.ts';
import { faultInProof } from '@tollgate/domain/proof/event-proof.ts';
import { leafHash, merkleBuilder } from '@tollgate/domain/proof/merkle.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeDue, closePeriod } from './close-run.ts';
import { openPeriod } from './open-period.ts';
import { proofOf } from './proof.ts';
import { loadBilling, loadInvoice } from './streams.ts';
import {
  attempt,
  type ClosingHouse,
  openClosingHouse,
  unknownOutcome,
} from './testing/closing-house.ts';

const JANUARY = '2026-01-10T12:00:00.000Z';
const FEBRUARY = '2026-02-10T12:00:00.000Z';
const AFTER_JANUARY = parseInstant('2026-02-01T02:00:00.000Z');
const AFTER_FEBRUARY = parseInstant('2026-03-01T02:00:00.000Z');
const HOUR_MS = 3_600_000;

let house: ClosingHouse;
beforeAll(async () => {
  house = await openClosingHouse();
});
afterAll(() => house.close());

/** A customer whose first period is January 2026. */
async function customerInJanuary(): Promise<string> {
  const customerId = await house.customer();
  house.clock.nowMs = AFTER_JANUARY;
  const startMs = parseInstant('2026-01-01T00:00:00.000Z');
  await openPeriod(house.deps, { customerId, startMs, timeZone: null, anchorDay: null });
  return customerId;
}

async function closeAt(nowMs: number, customerId: string, deps = house.deps) {
  house.clock.nowMs = nowMs;
  await house.project();
  return closeDue(deps, { customerIds: [customerId], graceMs: HOUR_MS });
}

function bodyOf(billing: Billing, number: number) {
  return snapshotBody.parse(JSON.parse(textOf(billing, number)));
}

function textOf(billing: Billing, number: number): string {
  const text = frozenPeriod(billing, number)?.snapshot.body;
  if (text === undefined) throw new Error(`no snapshot ${number}`);
  return text;
}

async function billingOf(customerId: string): Promise<Billing> {
  return (await loadBilling(house.deps.ledger, customerId)).billing;
}

async function invoiceOf(billing: Billing, number: number) {
  const id = frozenPeriod(billing, number)?.snapshot.id.replace('snp_', 'inv_') ?? '';
  const issued = await loadInvoice(house.deps.ledger, id);
  if (issued === undefined) throw new Error(`no invoice ${id}`);
  return { issued, body: invoiceBody.parse(JSON.parse(issued.body)) };
}

describe('closing a period', () => {
  it('freezes its usage, issues the invoice and opens the next period', async () => {
    const customerId = await customerInJanuary();
    const events = [
      attempt(customerId, JANUARY),
      attempt(customerId, JANUARY, { usage_source: 'estimated' }),
      attempt(customerId, JANUARY, unknownOutcome),
      attempt(customerId, FEBRUARY),
    ];
    await house.append(...events);
    const result = await closeAt(AFTER_JANUARY, customerId);
    expect(result).toMatchObject({ failed: [], closed: [{ customerId }] });
    const billing = await billingOf(customerId);
    expect(billing.periods.map(({ status }) => status)).toEqual(['frozen', 'open']);
    const body = bodyOf(billing, 1);
    expect(body).toMatchObject({
      number: 1,
      start: '2026-01-01T00:00:00.000Z',
      end: '2026-02-01T00:00:00.000Z',
      previous: null,
      totals: { events: 3, input_tokens: 2000, requests: 2, cost: '0.002000000000' },
      unresolved: { count: 1, event_ids: [events[2]?.id] },
      leaves: { count: 3 },
      markup_ppm: 200_000,
    });
    expect(body.lines.map((line) => [line.usage_source, line.events, line.cost])).toEqual([
      ['estimated', 1, '0.001000000000'],
      ['none', 1, '0.000000000000'],
      ['provider', 1, '0.001000000000'],
    ]);
    const { body: invoice, issued } = await invoiceOf(billing, 1);
    expect(invoice.lines).toHaveLength(1);
    // 0.002 USD and 20 % are 0.24 cents.
    expect(invoice).toMatchObject({ total_minor: 0, unresolved: { count: 1 } });
    expect(issued.hash).toBe(sha256Hex(issued.body));
    expect(issued.snapshot_hash).toBe(sha256Hex(textOf(billing, 1)));
  });

  it('the body is RFC 8785 text, its hash is over it, and the root is that of the log (I5)', async () => {
    const customerId = await customerInJanuary();
    const events = Array.from({ length: 9 }, () => attempt(customerId, JANUARY));
    const records = await house.append(...events);
    await closeAt(AFTER_JANUARY, customerId);
    const billing = await billingOf(customerId);
    const text = textOf(billing, 1);
    expect(text).toBe(canonicalJson(JSON.parse(text)));
    expect(frozenPeriod(billing, 1)?.snapshot.hash).toBe(sha256Hex(text));
    const tree = merkleBuilder(sha256);
    for (const record of records) tree.add(leafHash(sha256, record));
    expect(bodyOf(billing, 1).leaves).toEqual({ count: 9, merkle_root: toHex(tree.root()) });
  });

  it('usage that arrives late is a line of the next snapshot, and the first does not change (I4)', async () => {
    const customerId = await customerInJanuary();
    await house.append(attempt(customerId, JANUARY));
    await closeAt(AFTER_JANUARY, customerId);
    const before = textOf(await billingOf(customerId), 1);
    const veryOld = attempt(customerId, '2025-06-01T00:00:00.000Z');
    await house.append(attempt(customerId, JANUARY), veryOld, attempt(customerId, FEBRUARY));
    await house.append(attempt(customerId, '2026-03-05T00:00:00.000Z'));
    await closeAt(AFTER_FEBRUARY, customerId);
    const billing = await billingOf(customerId);
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
    const customerId = await customerInJanuary();
    const times = [JANUARY, '2026-02-01T00:00:00.000Z', FEBRUARY, '2026-03-10T00:00:00.000Z'];
    const closings = ['2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01'];
    for (const day of closings) {
      await house.append(...times.map((time) => attempt(customerId, time)));
      await closeAt(parseInstant(`${day}T02:00:00.000Z`), customerId);
    }
    const billing = await billingOf(customerId);
    const bodies = [1, 2, 3, 4].map((number) => bodyOf(billing, number));
    expect(bodies.map((body) => body.totals.events)).toEqual([1, 5, 6, 4]);
  });

  it('a snapshot holds the usage of its customer alone (I10)', async () => {
    const [mine, other] = [await customerInJanuary(), await customerInJanuary()];
    await house.append(attempt(mine, JANUARY), attempt(other, JANUARY), attempt(other, JANUARY));
    await closeAt(AFTER_JANUARY, mine);
    await closeAt(AFTER_JANUARY, other);
    const bodies = [bodyOf(await billingOf(mine), 1), bodyOf(await billingOf(other), 1)];
    expect(bodies.map(({ totals, leaves }) => [totals.events, leaves.count])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('a resolution is billed where its attempt was, or as late usage once that is closed (I8)', async () => {
    const customerId = await customerInJanuary();
    const [known, open] = [1, 2].map(() => attempt(customerId, JANUARY, unknownOutcome));
    const resolutionOf = (id: string | undefined) =>
      attempt(customerId, JANUARY, {
        type: 'resolution',
        resolves_id: id ?? null,
        usage_source: 'reconciled',
        cost: '0.500000000000',
      });
    await house.append(known!, open!, resolutionOf(known?.id));
    await closeAt(AFTER_JANUARY, customerId);
    await house.append(resolutionOf(open?.id));
    await closeAt(AFTER_FEBRUARY, customerId);
    const billing = await billingOf(customerId);
    expect(bodyOf(billing, 1).unresolved).toEqual({ count: 1, event_ids: [open?.id] });
    expect(bodyOf(billing, 2)).toMatchObject({
      unresolved: { count: 0 },
      lines: [{ kind: 'late_usage', usage_source: 'reconciled', cost: '0.500000000000' }],
    });
    const amounts = [1, 2].map(async (n) => (await invoiceOf(billing, n)).body.total_minor);
    expect(await Promise.all(amounts)).toEqual([60, 60]);
  });

  it('late usage is marked up as its own period was, whatever the mark-up is now', async () => {
    const customerId = await customerInJanuary();
    await closeAt(AFTER_JANUARY, customerId);
    await house.markUp(customerId, 500_000);
    const cost = '1.000000000000';
    await house.append(attempt(customerId, JANUARY, { cost }));
    await house.append(attempt(customerId, FEBRUARY, { cost }));
    await closeAt(AFTER_FEBRUARY, customerId);
    const { body } = await invoiceOf(await billingOf(customerId), 2);
    expect(body.lines.map((line) => [line.kind, line.markup_ppm, line.amount_minor])).toEqual([
      ['late_usage', 200_000, 120],
      ['usage', 500_000, 150],
    ]);
  });

  it('a mark-up that changes after the closing began does not change the snapshot (I5)', async () => {
    const customerId = await customerInJanuary();
    await house.append(attempt(customerId, JANUARY));
    await closeAt(AFTER_JANUARY, customerId, {
      ...house.deps,
      ledger: dyingAt(house.deps.ledger, 4),
    });
    await house.markUp(customerId, 500_000);
    await closeAt(AFTER_JANUARY, customerId);
    expect(bodyOf(await billingOf(customerId), 1).markup_ppm).toBe(200_000);
  });

  it('an empty period has a snapshot with the root of nothing and an invoice of nothing', async () => {
    const customerId = await customerInJanuary();
    await closeAt(AFTER_JANUARY, customerId);
    const billing = await billingOf(customerId);
    expect(bodyOf(billing, 1).lines).toEqual([]);
    expect(bodyOf(billing, 1).leaves).toEqual({
      count: 0,
      merkle_root: toHex(sha256(new Uint8Array())),
    });
    expect((await invoiceOf(billing, 1)).body.total_minor).toBe(0);
  });

  it('several periods that are due close in order, with one cut', async () => {
    const customerId = await customerInJanuary();
    await house.append(attempt(customerId, JANUARY), attempt(customerId, FEBRUARY));
    await closeAt(AFTER_FEBRUARY, customerId);
    const billing = await billingOf(customerId);
    const bodies = [bodyOf(billing, 1), bodyOf(billing, 2)];
    expect(bodies.map((body) => body.totals.events)).toEqual([1, 1]);
    expect(bodies[1]?.cut).toEqual(bodies[0]?.cut);
  });

  it('nothing closes before end and grace are over', async () => {
    const customerId = await customerInJanuary();
    const early = parseInstant('2026-02-01T00:59:59.999Z');
    expect(await closeAt(early, customerId)).toEqual({ closed: [], failed: [] });
    expect((await billingOf(customerId)).periods.map(({ status }) => status)).toEqual(['open']);
  });
});

describe('closing early', () => {
  it('moves the end to that instant and the next period begins there (I4)', async () => {
    const customerId = await customerInJanuary();
    const at = parseInstant('2026-01-20T00:00:00.000Z');
    const after = '2026-01-25T00:00:00.000Z';
    await house.append(attempt(customerId, JANUARY), attempt(customerId, after));
    house.clock.nowMs = at;
    await house.project();
    const { periods } = await billingOf(customerId);
    const request = { customerId, periodId: periods[0]?.id ?? '', endMs: at, graceMs: 0 };
    const result = await closePeriod(house.deps, request);
    expect(result).toMatchObject({ ok: true, closed: { period: { endMs: at } } });
    // Once more, with another end: the first one's word stands.
    expect(await closePeriod(house.deps, { ...request, endMs: at - 1 })).toEqual(result);
    await closeAt(AFTER_JANUARY, customerId);
    const billing = await billingOf(customerId);
    expect(billing.periods.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [parseInstant('2026-01-01T00:00:00.000Z'), at],
      [at, parseInstant('2026-02-01T00:00:00.000Z')],
      [parseInstant('2026-02-01T00:00:00.000Z'), parseInstant('2026-03-01T00:00:00.000Z')],
    ]);
    expect([1, 2].map((number) => bodyOf(billing, number).totals.events)).toEqual([1, 1]);
  });

  it('is refused in the future and outside of the period', async () => {
    const customerId = await customerInJanuary();
    const { periods } = await billingOf(customerId);
    const request = { customerId, periodId: periods[0]?.id ?? '', graceMs: 0 };
    house.clock.nowMs = parseInstant(JANUARY);
    const codes = [house.clock.nowMs + 1, parseInstant('2025-12-31T00:00:00.000Z')].map(
      async (endMs) => {
        const result = await closePeriod(house.deps, { ...request, endMs });
        return result.ok ? 'closed' : result.refusal.code;
      },
    );
    expect(await Promise.all(codes)).toEqual(['period_not_due', 'period_end_out_of_range']);
  });
});

describe('two closers and crashes', () => {
  it('concurrent closers make one snapshot and both read it (I4)', async () => {
    const customerId = await customerInJanuary();
    await house.append(attempt(customerId, JANUARY));
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const { periods } = await billingOf(customerId);
    const request = { customerId, periodId: periods[0]?.id ?? '', endMs: null, graceMs: HOUR_MS };
    const results = await Promise.all([1, 2, 3, 4].map(() => closePeriod(house.deps, request)));
    const [first] = results;
    expect(first?.ok).toBe(true);
    for (const result of results) expect(result).toEqual(first);
    const events = await house.deps.ledger.read(`billing-${customerId}`);
    expect(events.map(({ type }) => type)).toEqual([
      'PeriodOpened',
      'PeriodClosing',
      'SnapshotFrozen',
      'PeriodOpened',
    ]);
  });

  it('a run that dies before or after any append is resumed to the same bytes (I4, I5)', async () => {
    const texts = new Set<string>();
    for (let death = 1; death <= 10; death++) {
      const customerId = await customerInJanuary();
      await house.append(attempt(customerId, JANUARY));
      const dying = { ...house.deps, ledger: dyingAt(house.deps.ledger, death) };
      const died = await closeAt(AFTER_JANUARY, customerId, dying);
      // Usage that comes in between is not below the cut if the closing had begun.
      const begun = (await billingOf(customerId)).periods[0]?.status !== 'open';
      if (begun) await house.append(attempt(customerId, JANUARY));
      await closeAt(AFTER_JANUARY, customerId);
      const billing = await billingOf(customerId);
      const { body } = await invoiceOf(billing, 1);
      expect(bodyOf(billing, 1).totals.events).toBe(1);
      expect(billing.periods.map(({ status }) => status)).toEqual(['frozen', 'open']);
      texts.add(JSON.stringify([body.lines, body.total_minor]));
      expect(died.failed).toHaveLength(1);
    }
    expect(texts.size).toBe(1);
  });

  it('a period that is closing is frozen with the cut that it names', async () => {
    const customerId = await customerInJanuary();
    await house.append(attempt(customerId, JANUARY));
    // Dies right after PeriodClosing: appends are the cut and the closing, twice each (before, after).
    await closeAt(AFTER_JANUARY, customerId, {
      ...house.deps,
      ledger: dyingAt(house.deps.ledger, 4),
    });
    const closing = (await billingOf(customerId)).periods[0];
    expect(closing?.status).toBe('closing');
    await house.append(attempt(customerId, JANUARY));
    await closeAt(AFTER_JANUARY + HOUR_MS, customerId);
    const body = bodyOf(await billingOf(customerId), 1);
    expect(body.totals.events).toBe(1);
    expect(body.cut.id).toBe(closing?.status === 'closing' ? closing.cutId : '');
  });

  it('one customer that cannot be closed does not hold up the others', async () => {
    const good = await customerInJanuary();
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const result = await closeDue(
      { ...house.deps, ledger: failingFor(house.deps.ledger, 'billing-cus_bad') },
      { customerIds: ['cus_bad', good], graceMs: HOUR_MS },
    );
    expect(result).toMatchObject({
      failed: [{ customerId: 'cus_bad' }],
      closed: [{ customerId: good }],
    });
  });
});

describe('what stops a run', () => {
  it('more lines than the ledger can hold at once, while the period can still be closed in parts', async () => {
    const customerId = await customerInJanuary();
    const days = [
      '2026-01-10T00:00:00.000Z',
      '2026-01-20T00:00:00.000Z',
      '2026-01-30T00:00:00.000Z',
    ];
    await house.append(
      ...days.map((time, index) => attempt(customerId, time, { key_id: `key_${index}` })),
    );
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const ledger = { ...house.deps.ledger, appendBytesMax: 2 * 700 };
    const close = async (endMs: number | null) => {
      const { periods } = await billingOf(customerId);
      const [open] = periods.filter(({ status }) => status === 'open');
      const periodId = open?.id ?? '';
      return closePeriod({ ...house.deps, ledger }, { customerId, periodId, endMs, graceMs: 0 });
    };
    await expect(close(null)).rejects.toMatchObject({ code: 'snapshot_too_large' });
    expect((await billingOf(customerId)).periods.map(({ status }) => status)).toEqual(['open']);
    expect(await close(parseInstant('2026-01-25T00:00:00.000Z'))).toMatchObject({ ok: true });
    expect(await close(null)).toMatchObject({ ok: true });
    const billing = await billingOf(customerId);
    expect([1, 2].map((number) => bodyOf(billing, number).totals.events)).toEqual([2, 1]);
  });

  it('duplicates are counted once, and a second count is refused by name (I2)', async () => {
    const customerId = await customerInJanuary();
    const once = attempt(customerId, JANUARY);
    await house.append(once, once);
    await closeAt(AFTER_JANUARY, customerId);
    const body = bodyOf(await billingOf(customerId), 1);
    expect([body.totals.events, body.leaves.count]).toEqual([1, 1]);
  });
});

describe('proof of one event', () => {
  it('verifies offline, and not with a flipped byte or another record (I4)', async () => {
    const customerId = await customerInJanuary();
    const events = Array.from({ length: 7 }, () => attempt(customerId, JANUARY));
    const records = await house.append(...events);
    await closeAt(AFTER_JANUARY, customerId);
    const billing = await billingOf(customerId);
    const period = frozenPeriod(billing, 1);
    if (period === undefined) throw new Error('not frozen');
    const where = { customerId, billing, period };
    for (const [i, { id }] of events.entries()) {
      const result = await proofOf(house.deps.warehouse, where, { id, source: null });
      if (!result.ok) throw new Error(result.code);
      const { proof } = result;
      const snapshot = Buffer.from(textOf(billing, 1));
      const input = { proof, snapshot, body: bodyOf(billing, 1), record: records[i] as Buffer };
      expect(faultInProof(sha256, input)).toBeUndefined();
      const wrong = Buffer.from(records[i] as Buffer);
      wrong[3] = (wrong[3] as number) ^ 1;
      expect(faultInProof(sha256, { ...input, record: wrong })).toBe('record_differs');
      const path = [...proof.audit_path].reverse();
      expect(faultInProof(sha256, { ...input, proof: { ...proof, audit_path: path } })).toBe(
        'path_differs',
      );
    }
    const nowhere = await proofOf(house.deps.warehouse, where, { id: 'x', source: null });
    expect(nowhere).toEqual({ ok: false, code: 'event_not_in_snapshot' });
  });
});

/** A ledger whose process dies at the nth crash point: before (odd) or after (even) an append. */
function dyingAt(ledger: Ledger, death: number): Ledger {
  let point = 0;
  const dieHere = (): void => {
    point += 1;
    if (point >= death) throw new Error('died');
  };
  return {
    ...ledger,
    async append(stream, expected, events) {
      dieHere();
      const result = await ledger.append(stream, expected, events);
      dieHere();
      return result;
    },
  };
}

function failingFor(ledger: Ledger, stream: string): Ledger {
  return {
    ...ledger,
    async read(name, options) {
      if (name === stream) throw new Error('unreadable');
      return ledger.read(name, options);
    },
  };
}
