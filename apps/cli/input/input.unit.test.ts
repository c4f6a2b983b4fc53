import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { amountIn, parseAmount, parseCount } from './amount.ts';
import { rangeOf } from './range.ts';
import { parseSpan, parseTime } from './time.ts';

const berlin = { nowMs: Date.parse('2026-11-30T21:30:00Z'), timeZone: 'Europe/Berlin' };
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16);
const span = (text: string, context = berlin) => {
  const { startMs, endMs } = parseSpan('--in', text, context);
  return `${iso(startMs)} ${iso(endMs)}`;
};

describe('times as people type them', () => {
  it.each([
    ['yesterday', '2026-11-28T23:00 2026-11-29T23:00'],
    ['today', '2026-11-29T23:00 2026-11-30T23:00'],
    ['2026-11', '2026-10-31T23:00 2026-11-30T23:00'],
    ['2026', '2025-12-31T23:00 2026-12-31T23:00'],
    ['last month', '2026-09-30T22:00 2026-10-31T23:00'],
    ['2026-10-25', '2026-10-24T22:00 2026-10-25T23:00'],
  ])('%s is a span, in the zone', (text, expected) => {
    expect(span(text)).toBe(expected);
  });

  it.each([
    ['now', '2026-11-30T21:30'],
    ['2h ago', '2026-11-30T19:30'],
    ['in 30 min', '2026-11-30T22:00'],
    ['3 days ago', '2026-11-27T21:30'],
    ['5w ago', '2026-10-26T21:30'],
    ['2026-11-30 14:00', '2026-11-30T13:00'],
    ['2026-11-30T14:00Z', '2026-11-30T14:00'],
    ['2026-11-30T14:00:00+05:30', '2026-11-30T08:30'],
    ['14:00', '2026-11-30T13:00'],
    ['Yesterday', '2026-11-28T23:00'],
  ])('%s is an instant', (text, expected) => {
    expect(iso(parseTime('--from', text, berlin))).toBe(expected);
  });

  it('a day of the clock on the wall has 25 hours where clocks go back', () => {
    const after = { ...berlin, nowMs: Date.parse('2026-10-25T11:00:00Z') };
    expect(iso(parseTime('--from', '1 day ago', after))).toBe('2026-10-24T10:00');
    expect(iso(parseTime('--from', '24h ago', after))).toBe('2026-10-24T11:00');
  });

  it.each([
    ['03/04/2026', 'write 2026-04-03 or 2026-03-04'],
    ['30.11.2026', 'write 2026-11-30'],
    ['11-2026', 'write the year first, as 2026-11'],
    ['2026-3-7', 'two digits, as 2026-03-07'],
    ['20261130', 'write 2026-11-30'],
    ['1764000000', 'since 1970?'],
    ['2h', 'write "2h ago" or "in 2h"'],
    ['monday', 'weeks begin on other days elsewhere: write the date'],
    ['last week', 'write the date'],
    ['3pm', 'as 14:00'],
    ['2026-02-30', 'is no date and time that exists'],
    ['2026-13', 'is no date and time that exists'],
    ['2026-10-25 02:30', 'is there twice or never: write its offset too'],
    ['2026-03-29 02:30', 'is there twice or never'],
    ['soon', 'write it as 2026-11-30'],
    ['', 'write it as 2026-11-30'],
  ])('%s is refused with what to type', (text, help) => {
    expect(() => span(text)).toThrow(help);
    expect(() => span(text)).toThrow(UsageError);
  });

  const range = (values: object) =>
    rangeOf(
      { values: values as never, clock: () => berlin.nowMs, timeZone: async () => 'Europe/Berlin' },
      'this month',
    );

  it('a range is a span, or two instants, the second by default now', async () => {
    expect(await range({})).toMatchObject({ startMs: Date.parse('2026-10-31T23:00Z') });
    expect(await range({ from: '2h ago' })).toMatchObject({ endMs: berlin.nowMs });
    expect(await range({ from: '2026-11-01', until: 'yesterday' })).toMatchObject({
      endMs: Date.parse('2026-11-28T23:00Z'),
    });
  });

  it.each([
    [{ in: '2026-11', from: 'today' }, 'leave out --from'],
    [{ until: 'today' }, '--until needs --from'],
    [{ from: 'tomorrow' }, 'is ahead'],
    [{ from: 'today', until: 'yesterday' }, 'is not before'],
    [{ in: '2h ago' }, 'write --from "2h ago"'],
  ])('the range %j is refused', async (values, help) => {
    await expect(range(values)).rejects.toThrow(help);
  });
});

describe('amounts as people type them', () => {
  it.each([
    ['$5', { value: '5', unit: 'usd' }],
    ['5.00 EUR', { value: '5', unit: 'eur' }],
    ['€5.50', { value: '5.5', unit: 'eur' }],
    ['10k', { value: '10000', unit: undefined }],
    ['1.5M tokens', { value: '1500000', unit: 'tokens' }],
    ['0.000001', { value: '0.000001', unit: undefined }],
    ['1000 requests', { value: '1000', unit: 'requests' }],
    ['$1.2345k', { value: '1234.5', unit: 'usd' }],
    ['007', { value: '7', unit: undefined }],
  ])('%s', (text, expected) => {
    expect(parseAmount('LIMIT', text)).toEqual(expected);
  });

  it.each([
    ['1,000', 'write 1000 or 1.000'],
    ['5,00', 'write a point for decimals, as 5.00'],
    ['1,000,000', 'write it without commas, as 1000000'],
    ['-5', 'is not negative'],
    ['$5 EUR', 'is it USD or EUR?'],
    ['five', 'write an amount as $5'],
    ['0.0000000000001', 'at most 12 decimals'],
    ['', 'write an amount as $5'],
    ['1e3', 'write an amount as $5'],
  ])('%s is refused with what to type', (text, help) => {
    expect(() => parseAmount('LIMIT', text)).toThrow(help);
    expect(() => parseAmount('LIMIT', text)).toThrow(UsageError);
  });

  it('an amount in another unit than the budget is refused, whatever its figure', () => {
    expect(amountIn('AMOUNT', '$5', 'usd')).toBe('5');
    expect(amountIn('AMOUNT', '10k', 'tokens')).toBe('10000');
    expect(() => amountIn('AMOUNT', '$5', 'tokens')).toThrow('the budget is in tokens');
    expect(() => amountIn('AMOUNT', '5 EUR', 'usd')).toThrow('the budget is in USD');
  });

  it('a count is whole', () => {
    expect(parseCount('--most', '2k')).toBe(2_000);
    expect(() => parseCount('--most', '1.5')).toThrow('write a whole number');
    expect(() => parseCount('--most', '$5')).toThrow('write a whole number');
  });
});
