import { describe, expect, it } from 'vitest';
import { parseInstant } from '../period/calendar.ts';
import type { RateTable } from './exchange-rate.ts';
import { rateInForce } from './rate-in-force.ts';

function stated(rate: string, change: Partial<RateTable> = {}): RateTable {
  return {
    version: `xrt_${rate}`,
    source: 'finance',
    origin: 'published',
    base: 'USD',
    as_of: '2026-11-27T16:00:00.000Z',
    valid_until: '2026-12-04T16:00:00.000Z',
    rates: [{ currency: 'EUR', rate }],
    ...change,
  };
}

const at = (tables: RateTable[], instant: string) =>
  rateInForce(tables, 'USD', 'EUR', parseInstant(instant))?.version;
const END = '2026-12-01T00:00:00.000Z';

describe('the rate in force at an instant', () => {
  it('is that of the youngest table that was stated by then, whatever came later', () => {
    const day = stated('0.91');
    const next = stated('0.92', { as_of: '2026-11-30T16:00:00.000Z' });
    const after = stated('0.99', { as_of: '2026-12-01T00:00:00.001Z' });
    expect(at([next, after, day], END)).toBe('xrt_0.92');
    expect(at([next, day], '2026-11-30T15:59:59.999Z')).toBe('xrt_0.91');
    expect(at([next, day], '2026-11-30T16:00:00.000Z')).toBe('xrt_0.92');
  });

  it('is none of a table that holds no longer: a fetcher that died does not bill for months', () => {
    expect(at([stated('0.91')], '2026-12-04T16:00:00.000Z')).toBe('xrt_0.91');
    expect(at([stated('0.91')], '2026-12-04T16:00:00.001Z')).toBeUndefined();
    expect(at([], END)).toBeUndefined();
  });

  it('of one instant is what was published last: that is how a table is corrected', () => {
    expect(at([stated('0.91'), stated('0.93')], END)).toBe('xrt_0.93');
  });

  it('is what the operator published, before what was fetched, however young that is', () => {
    const contract = stated('0.90', {
      as_of: '2026-01-01T00:00:00.000Z',
      valid_until: '2026-12-31T23:59:59.999Z',
    });
    const fetched = stated('0.95', { origin: 'fetched', as_of: '2026-11-30T16:00:00.000Z' });
    expect(at([contract, fetched], END)).toBe('xrt_0.90');
    expect(at([fetched, contract], END)).toBe('xrt_0.90');
  });

  it('is that of a table that has the currency, if the youngest one lacks it', () => {
    const young = stated('1', {
      as_of: '2026-11-30T16:00:00.000Z',
      rates: [{ currency: 'JPY', rate: '150' }],
    });
    expect(at([stated('0.91'), young], END)).toBe('xrt_0.91');
  });
});
