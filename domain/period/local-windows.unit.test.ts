import { describe, expect, it } from 'vitest';
import { monthBounds } from './calendar.ts';
import { clockSpans, dayStarts, monthStarts } from './local-windows.ts';

const ms = (text: string) => Date.parse(text);
const texts = (starts: number[]) => starts.map((at) => new Date(at).toISOString().slice(0, 16));

describe('windows of local time (case of killbill/killbill#743, ClickHouse/ClickHouse#119969)', () => {
  it('a day begins once, at its first instant', () => {
    const days = (from: string, to: string, zone: string) =>
      texts(dayStarts(ms(from), ms(to), zone));
    expect([
      days('2026-10-31T12:00Z', '2026-11-02T06:00Z', 'America/Havana'),
      days('2026-03-08T04:00Z', '2026-03-08T05:15Z', 'America/Havana'),
      days('2026-10-25T01:30Z', '2026-10-26T02:00Z', 'Atlantic/Azores'),
      // 30 December 2011 was left out.
      days('2011-12-29T12:00Z', '2011-12-31T12:00Z', 'Pacific/Apia'),
    ]).toEqual([
      ['2026-10-31T04:00', '2026-11-01T04:00', '2026-11-02T05:00'],
      ['2026-03-07T05:00', '2026-03-08T05:00'],
      ['2026-10-25T00:00', '2026-10-26T01:00'],
      ['2011-12-29T10:00', '2011-12-30T10:00', '2011-12-31T10:00'],
    ]);
  });

  it('months are those of billing', () => {
    for (const zone of ['America/Havana', 'Atlantic/Azores', 'Pacific/Chatham', 'UTC']) {
      const starts = monthStarts(ms('2026-01-15T00:00Z'), ms('2027-01-15T00:00Z'), zone);
      expect(starts).toHaveLength(13);
      for (const at of starts) expect(monthBounds(at, zone, 1).startMs).toBe(at);
    }
  });

  it('clocks that move by half an hour begin a span of their own', () => {
    const spans = (from: string, to: string, zone: string) =>
      clockSpans(ms(from), ms(to), zone).map(({ sinceMs, offsetMs }) => [
        sinceMs,
        offsetMs / 60_000,
      ]);
    const change = '2026-10-03T15:30Z';
    const zone = 'Australia/Lord_Howe';
    const before = [ms('2026-04-04T15:00Z'), 630];
    expect(spans('2026-10-03T12:00Z', '2026-10-04T12:00Z', zone)).toEqual([
      before,
      [ms(change), 660],
    ]);
    expect(spans('2026-10-03T12:00Z', change, zone)).toEqual([before]);
    expect(spans(change, '2026-10-04T12:00Z', zone)).toEqual([[ms(change), 660]]);
    expect(spans(change, '2026-10-04T12:00Z', 'UTC')).toEqual([[0, 0]]);
  });
});
