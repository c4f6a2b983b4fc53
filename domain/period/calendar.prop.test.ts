import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalTimeZone, formatInstant, monthBounds, parseInstant } from './calendar.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'Europe/Lisbon',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'America/Caracas',
  'America/Havana',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Amman',
  'Asia/Beirut',
  'Asia/Pyongyang',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Chatham',
  'Pacific/Marquesas',
  'Antarctica/Troll',
];
const DAY_MS = 86_400_000;
const FROM_MS = Date.UTC(1970, 0, 1);
const TO_MS = Date.UTC(2101, 0, 1);

const zone = fc.constantFrom(...ZONES);
const instant = fc.integer({ min: FROM_MS, max: TO_MS });
const anchor = fc.integer({ min: 1, max: 31 });

function localDay(atMs: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate();
}

describe('billing months (I4: every instant is in exactly one)', () => {
  it('contain their instant, and meet their neighbours without gap or overlap', () => {
    fc.assert(
      fc.property(instant, zone, anchor, (atMs, timeZone, anchorDay) => {
        const month = monthBounds(atMs, timeZone, anchorDay);
        expect(month.startMs <= atMs && atMs < month.endMs).toBe(true);
        expect(monthBounds(month.startMs, timeZone, anchorDay)).toEqual(month);
        expect(monthBounds(month.endMs - 1, timeZone, anchorDay)).toEqual(month);
        expect(monthBounds(month.endMs, timeZone, anchorDay).startMs).toBe(month.endMs);
        expect(monthBounds(month.startMs - 1, timeZone, anchorDay).endMs).toBe(month.startMs);
      }),
      { numRuns: 400 },
    );
  });

  it('begin with the anchor day, or with the last day of a month too short for it', () => {
    fc.assert(
      fc.property(instant, zone, anchor, (atMs, timeZone, anchorDay) => {
        const { startMs } = monthBounds(atMs, timeZone, anchorDay);
        const day = localDay(startMs, timeZone);
        const expected = Math.min(anchorDay, day.daysInMonth);
        // Apia has no 30 December 2011: a month that should begin then begins a day later.
        const skipped = timeZone === 'Pacific/Apia' && day.toString() === '2011-12-31';
        expect(day.day === expected || skipped).toBe(true);
        expect(localDay(startMs - 1, timeZone).equals(day)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it('are twelve in a year, for every zone of the database and every anchor day', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 1970, max: 2100 }),
        anchor,
        (timeZone, year, anchorDay) => {
          const first = monthBounds(Date.UTC(year, 5, 20), timeZone, anchorDay).startMs;
          let at = first;
          for (let i = 0; i < 12; i++) {
            const { startMs, endMs } = monthBounds(at, timeZone, anchorDay);
            expect(startMs).toBe(at);
            // Apia skipped a day in 2011: the shortest month is 27 days and some hours.
            expect((endMs - startMs) / DAY_MS).toBeGreaterThan(26.9);
            expect((endMs - startMs) / DAY_MS).toBeLessThan(31.2);
            at = endMs;
          }
          const [from, to] = [localDay(first, timeZone), localDay(at, timeZone)];
          expect([to.year - from.year, to.month]).toEqual([1, from.month]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('begin at the first instant of a day whose midnight does not exist', () => {
    // Clocks in São Paulo went from 00:00 to 01:00 on 15 October 2017.
    const month = monthBounds(Date.UTC(2017, 9, 20), 'America/Sao_Paulo', 15);
    expect(formatInstant(month.startMs)).toBe('2017-10-15T03:00:00.000Z');
  });

  it('begin once on a day whose midnight happens twice', () => {
    // Clocks in Havana went from 01:00 back to 00:00 on 1 November 2020: midnight came twice.
    const first = Date.UTC(2020, 10, 1, 4);
    const second = first + 3_600_000;
    const month = monthBounds(second, 'America/Havana', 1);
    expect(month.startMs).toBe(first);
    expect(monthBounds(first - 1, 'America/Havana', 1).endMs).toBe(first);
  });

  it('do not go back when the day before comes again', () => {
    // Clocks in St. John's went from 00:01 back to 23:01 on 1 November 2009.
    const begun = Date.UTC(2009, 10, 1, 2, 30);
    const dayBefore = begun + 10 * 60_000;
    expect(localDay(dayBefore, 'America/St_Johns').toString()).toBe('2009-10-31');
    const month = monthBounds(dayBefore, 'America/St_Johns', 1);
    expect(month.startMs).toBe(begun);
    expect(monthBounds(begun, 'America/St_Johns', 1)).toEqual(month);
  });

  it('clamp day 31 and return to it (no drift through February)', () => {
    const starts: string[] = [];
    let at = Date.UTC(2024, 0, 31, 12);
    for (let i = 0; i < 4; i++) {
      const month = monthBounds(at, 'UTC', 31);
      starts.push(formatInstant(month.startMs).slice(0, 10));
      at = month.endMs;
    }
    expect(starts).toEqual(['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30']);
  });
});

describe('instants as text', () => {
  it('always have three decimals and read back', () => {
    fc.assert(
      fc.property(instant, (atMs) => {
        const text = formatInstant(atMs);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(parseInstant(text)).toBe(atMs);
      }),
    );
  });

  it('known and unknown zones are told apart', () => {
    const names = ['Europe/Berlin', 'UTC', 'Mars/Olympus', '', '+05:30'];
    expect(names.map(canonicalTimeZone)).toEqual(['Europe/Berlin', 'UTC', null, null, null]);
  });

  it('one zone has one spelling, however it is written', () => {
    const names = ['europe/BERLIN', 'utc', 'america/argentina/buenos_aires', 'etc/gmt+1'];
    expect(names.map(canonicalTimeZone)).toEqual([
      ...['Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1'],
    ]);
  });
});
