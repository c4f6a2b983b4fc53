import { describe, expect, it } from 'vitest';
import { addQuantities, type SnapshotBody, type SnapshotLine } from '../period/snapshot.ts';
import { invoiceBody } from './invoice.ts';

const HASH = 'a'.repeat(64);
const nothing = addQuantities([]);

function line(change: Partial<SnapshotLine>): SnapshotLine {
  return {
    kind: 'usage',
    period_number: 2,
    provider: 'openai',
    model: 'gpt-4o',
    key_id: 'key_1',
    team_id: null,
    environment: 'live',
    usage_source: 'provider',
    price_versions: ['a'],
    events: 1,
    ...nothing,
    cost: '0.000000000000',
    markup_ppm: 0,
    ...change,
  };
}

function snapshotOf(...lines: SnapshotLine[]): SnapshotBody {
  return {
    object: 'snapshot',
    version: 1,
    id: 'snp_1',
    customer_id: 'cus_1',
    period_id: 'per_2',
    number: 2,
    start: '2026-02-01T00:00:00.000Z',
    end: '2026-03-01T00:00:00.000Z',
    time_zone: 'Europe/Vienna',
    currency: 'USD',
    cut: { id: 'cut_1', logs: [{ log: 0, ends: ['9'] }] },
    previous: null,
    lines,
    totals: { events: 0, ...nothing, cost: '0.000000000000' },
    unresolved: { count: 1, event_ids: ['evt_1'] },
    markup_ppm: 0,
    exchange_rate: null,
    leaves: { count: 0, merkle_root: HASH },
  };
}

it('an invoice names its snapshot, its period and what is unresolved, and every line (I4)', () => {
  const used = { input_tokens: 10, requests: 1, cost: '1.000000000000', markup_ppm: 200_000 };
  expect(invoiceBody(snapshotOf(line(used)), HASH)).toEqual({
    object: 'invoice',
    version: 2,
    id: 'inv_1',
    customer_id: 'cus_1',
    snapshot_id: 'snp_1',
    snapshot_hash: HASH,
    period_id: 'per_2',
    period_number: 2,
    period_start: '2026-02-01T00:00:00.000Z',
    period_end: '2026-03-01T00:00:00.000Z',
    time_zone: 'Europe/Vienna',
    currency: 'USD',
    lines: [
      {
        kind: 'usage',
        period_number: 2,
        description: 'openai gpt-4o',
        provider: 'openai',
        model: 'gpt-4o',
        events: 1,
        ...nothing,
        input_tokens: 10,
        requests: 1,
        estimated_events: 0,
        cost: '1.000000000000',
        estimated_cost: '0.000000000000',
        markup_ppm: 200_000,
        amount_minor: 120,
      },
    ],
    total_minor: 120,
    unresolved: { count: 1, event_ids: ['evt_1'] },
  });
});

describe('a group of lines is on the invoice', () => {
  const billed = (...lines: SnapshotLine[]) =>
    invoiceBody(snapshotOf(...lines), HASH).lines.map(({ events }) => events);

  it('if only one of its quantities is not zero, although it cost nothing', () => {
    expect(billed(line({ output_tokens: 1 }))).toEqual([1]);
  });

  it('if it cost something, although its quantities are zero', () => {
    expect(billed(line({ cost: '0.000000000001' }))).toEqual([1]);
  });

  it('if only one of its lines has usage', () => {
    expect(billed(line({ key_id: 'key_1' }), line({ key_id: 'key_2', images: 1 }))).toEqual([2]);
  });

  it('not if nothing was used and nothing charged', () => {
    expect(billed(line({}))).toEqual([]);
  });
});

it.each([
  [{ model: null }, 'Other usage'],
  [{ provider: null }, 'other gpt-4o'],
  [{ provider: null, model: null }, 'Other usage'],
])('describes a line of %o as %s', (change, description) => {
  const [billed] = invoiceBody(snapshotOf(line({ requests: 1, ...change })), HASH).lines;
  expect(billed?.description).toBe(description);
});

it('refuses an amount that no JSON integer can hold (I6)', () => {
  // 2^53 cents and one more.
  const largest = line({ cost: '90071992547409.910000000000' });
  expect(invoiceBody(snapshotOf(largest), HASH).total_minor).toBe(Number.MAX_SAFE_INTEGER);
  const larger = line({ cost: '90071992547409.920000000000' });
  expect(() => invoiceBody(snapshotOf(larger), HASH)).toThrow(RangeError);
});
