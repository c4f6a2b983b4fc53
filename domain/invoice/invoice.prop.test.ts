import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal12, parseDecimal12 } from '../money/money.ts';
import type { ClosingPeriod } from '../period/billing.ts';
import {
  type SnapshotLine,
  SUMMED_QUANTITIES,
  snapshotBody,
  type Unresolved,
  type UsageSum,
} from '../period/snapshot.ts';
import type { UsageSource } from '../usage/usage-event.ts';
import { invoiceBody, invoiceIdOf } from './invoice.ts';

const HASH = '0'.repeat(64);
const NOTHING_UNRESOLVED: Unresolved = { count: 0, event_ids: [] };

const period: ClosingPeriod = {
  status: 'closing',
  id: 'per_1',
  number: 3,
  startMs: 0,
  endMs: 86_400_000,
  timeZone: 'UTC',
  anchorDay: 1,
  cutId: 'cut_1',
  logs: [{ log: 0, ends: ['9'] }],
  currency: 'USD',
  markupPpm: 200_000,
  exchangeRate: null,
};

function bodyOf(sums: readonly UsageSum[], unresolved = NOTHING_UNRESOLVED) {
  return snapshotBody({
    snapshotId: 'snp_1',
    customerId: 'cus_1',
    period,
    previous: undefined,
    sums,
    markupPpmOf: (number) => number * 50_000,
    exchangeRateOf: () => null,
    unresolved,
    leaves: { count: 0, merkleRoot: HASH },
    history: null,
  });
}

const quantities = fc.record(
  Object.fromEntries(SUMMED_QUANTITIES.map((name) => [name, fc.integer({ min: -5, max: 9999 })])),
) as fc.Arbitrary<UsageSum['quantities']>;

const sum: fc.Arbitrary<UsageSum> = fc.record({
  periodNumber: fc.integer({ min: 1, max: 3 }),
  provider: fc.constantFrom('openai', 'local', null),
  model: fc.constantFrom('gpt-4o', 'mini', null),
  keyId: fc.constantFrom('key_1', 'key_2', null),
  teamId: fc.constantFrom('team_1', null),
  environment: fc.constantFrom('live', 'test'),
  usageSource: fc.constantFrom<UsageSource>('provider', 'estimated', 'reconciled', 'none'),
  unresolved: fc.constant(null),
  priceVersions: fc.subarray(['a', 'b', 'c']),
  events: fc.integer({ min: 1, max: 99 }),
  quantities,
  costPicoUsd: fc.bigInt({ min: -(10n ** 13n), max: 10n ** 16n }),
});

const dimensionsOf = (s: UsageSum): string =>
  JSON.stringify([
    s.periodNumber,
    s.provider,
    s.model,
    s.keyId,
    s.teamId,
    s.environment,
    s.usageSource,
  ]);
const sums = fc.uniqueArray(sum, { maxLength: 30, selector: dimensionsOf });

describe('invoice lines (I6)', () => {
  it('are the same whatever the order of the sums (I5)', () => {
    fc.assert(
      fc.property(
        sums.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([all, shuffled]) => {
          expect(bodyOf(shuffled)).toEqual(bodyOf(all));
          expect(invoiceBody(bodyOf(shuffled), HASH)).toEqual(invoiceBody(bodyOf(all), HASH));
        },
      ),
    );
  });

  it('do not depend on how usage was split among keys (batching)', () => {
    fc.assert(
      fc.property(sum, fc.bigInt({ min: 0n, max: 10n ** 12n }), (whole, part) => {
        const usage = { ...whole, model: 'gpt-4o', keyId: 'key_1' };
        const split = [
          { ...usage, costPicoUsd: usage.costPicoUsd - part },
          { ...usage, keyId: 'key_2', costPicoUsd: part, quantities: zeroes() },
        ];
        const [one, two] = [[usage], split].map((all) => invoiceBody(bodyOf(all), HASH).lines[0]);
        fc.pre(one !== undefined && two !== undefined);
        expect({ ...two, events: 0, estimated_events: 0 }).toEqual({
          ...one,
          events: 0,
          estimated_events: 0,
        });
      }),
    );
  });

  it('add up to the total, and their costs and quantities to those of the snapshot', () => {
    fc.assert(
      fc.property(sums, (all) => {
        const snapshot = bodyOf(all);
        const invoice = invoiceBody(snapshot, HASH);
        const cost = invoice.lines.reduce((total, line) => total + parseDecimal12(line.cost), 0n);
        expect(formatDecimal12(cost)).toBe(snapshot.totals.cost);
        expect(invoice.lines.reduce((total, line) => total + line.amount_minor, 0)).toBe(
          invoice.total_minor,
        );
        for (const name of SUMMED_QUANTITIES) {
          expect(invoice.lines.reduce((total, line) => total + line[name], 0)).toBe(
            snapshot.totals[name],
          );
        }
      }),
    );
  });

  it('six lines of half a cent are three cents, and six of 0.4 are two (autumn#3407)', () => {
    const lines = (cost: bigint) =>
      Array.from({ length: 6 }, (_, at) => example({ model: `r-${at}`, costPicoUsd: cost }));
    // The mark-up of period 0 is nothing.
    const invoiceOf = (sums: UsageSum[]) =>
      invoiceBody({ ...bodyOf(sums), lines: bodyOf(sums).lines.map(atCost) }, HASH);
    const atCost = (line: SnapshotLine): SnapshotLine => ({ ...line, markup_ppm: 0 });
    const halves = invoiceOf(lines(5_000_000_000n));
    expect(halves.total_minor).toBe(3);
    expect(halves.lines.map((line) => line.amount_minor)).toEqual([1, 1, 1, 0, 0, 0]);
    expect(invoiceOf(lines(4_000_000_000n)).total_minor).toBe(2);
    const both = [...lines(5_000_000_000n), ...lines(4_000_000_000n).map(onOtherModel)];
    expect(invoiceOf(both).total_minor).toBe(5);
  });

  it('an invoice of version 1 is worked out as it was issued, each line rounded for itself', () => {
    const sums = [1, 2, 3].map((at) => example({ model: `r-${at}`, costPicoUsd: 5_000_000_000n }));
    const snapshot = bodyOf(sums);
    const lines = snapshot.lines.map((line) => ({ ...line, markup_ppm: 0 }));
    const invoice = invoiceBody({ ...snapshot, lines }, HASH, 1);
    expect([invoice.version, invoice.total_minor]).toEqual([1, 3]);
    expect(invoice.lines.map((line) => line.amount_minor)).toEqual([1, 1, 1]);
  });

  it('late usage has lines of its own, with the mark-up of the period it belongs to (I4)', () => {
    const usage = example({ periodNumber: 3, costPicoUsd: 10n ** 12n });
    const late = example({ periodNumber: 2, costPicoUsd: 10n ** 12n });
    const lines = invoiceBody(bodyOf([usage, late]), HASH).lines;
    expect(lines.map((line) => [line.kind, line.period_number, line.amount_minor])).toEqual([
      ['late_usage', 2, 110],
      ['usage', 3, 120],
    ]);
    expect(lines[0]?.description).toBe('openai gpt-4o, late usage of period 2');
  });

  it('estimated usage is billed and marked', () => {
    const stated = example({ costPicoUsd: 10n ** 12n });
    const estimated = example({ usageSource: 'estimated', events: 2, costPicoUsd: 10n ** 11n });
    const [line] = invoiceBody(bodyOf([stated, estimated]), HASH).lines;
    expect(line).toMatchObject({
      description: 'openai gpt-4o, estimated in part',
      events: 3,
      estimated_events: 2,
      cost: '1.100000000000',
      estimated_cost: '0.100000000000',
      amount_minor: 132,
    });
  });

  it('groups without usage get no line, and unresolved attempts have no amount (I8)', () => {
    const refusals = example({
      provider: null,
      model: null,
      quantities: zeroes(),
      costPicoUsd: 0n,
    });
    const collected = example({ unresolved: { type: 'external', external_type: 'meter' } });
    const unresolved = { count: 1, event_ids: ['a'] };
    const snapshot = bodyOf([refusals, collected], unresolved);
    expect(snapshot.unresolved).toMatchObject({ lines: [{ input_tokens: 10 }] });
    const invoice = invoiceBody(snapshot, HASH);
    expect([invoice.lines, invoice.total_minor, invoice.unresolved]).toEqual([[], 0, unresolved]);
  });

  it('an invoice id follows from the snapshot id, so issuing twice is one invoice', () => {
    expect(invoiceIdOf('snp_01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe('inv_01ARZ3NDEKTSV4RRFFQ69G5FAV');
  });
});

const onOtherModel = (sum: UsageSum): UsageSum => ({ ...sum, model: `s-${sum.model}` });

function zeroes(): UsageSum['quantities'] {
  const entries = SUMMED_QUANTITIES.map((name) => [name, 0] as const);
  return Object.fromEntries(entries) as UsageSum['quantities'];
}

function example(change: Partial<UsageSum>): UsageSum {
  return {
    periodNumber: 3,
    provider: 'openai',
    model: 'gpt-4o',
    keyId: 'key_1',
    teamId: null,
    environment: 'live',
    usageSource: 'provider',
    unresolved: null,
    priceVersions: ['a'],
    events: 1,
    quantities: { ...zeroes(), input_tokens: 10, requests: 1 },
    costPicoUsd: 0n,
    ...change,
  };
}
