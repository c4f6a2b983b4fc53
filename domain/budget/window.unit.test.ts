import { describe, expect, it } from 'vitest';
import { windowBounds, windowOfStream, windowStream } from './window.ts';

/** A Tuesday; it is Wednesday in Berlin already. */
const AT_MS = Date.UTC(2026, 2, 31, 22, 30);
const BERLIN = { time_zone: 'Europe/Berlin', anchor: null };

describe('a budget window', () => {
  it.each([
    ['hour', '2026-03-31T22:00Z', '2026-03-31T23:00Z'],
    ['day', '2026-03-31T22:00Z', '2026-04-01T22:00Z'],
    ['week', '2026-03-29T22:00Z', '2026-04-05T22:00Z'],
    // The clocks went forward on 29 March: the month of April begins two hours before UTC's.
    ['month', '2026-03-31T22:00Z', '2026-04-30T22:00Z'],
  ] as const)('of a %s is that of the calendar in its zone', (window, start, end) => {
    expect(windowBounds({ ...BERLIN, window }, AT_MS)).toEqual({
      startMs: Date.parse(start),
      endMs: Date.parse(end),
    });
  });

  it.each([
    ['week', '2026-02-28', '2026-03-27T23:00Z', '2026-04-03T22:00Z'],
    ['month', '2026-01-15', '2026-03-14T23:00Z', '2026-04-14T22:00Z'],
    // April has no 31st day: the window that began on 31 March ends with its 30th.
    ['month', '2026-01-31', '2026-03-30T22:00Z', '2026-04-29T22:00Z'],
    ['day', '2026-01-31', '2026-03-31T22:00Z', '2026-04-01T22:00Z'],
  ] as const)('of a %s from %s begins on its day', (window, anchor, start, end) => {
    expect(windowBounds({ ...BERLIN, window, anchor }, AT_MS)).toEqual({
      startMs: Date.parse(start),
      endMs: Date.parse(end),
    });
  });

  // litellm#37454, litellm#34896: midnight in another zone was compared as if it were UTC's, so a day
  // in Shanghai ended eight hours late.
  it.each([
    ['Asia/Shanghai', '2026-03-31T16:00Z'],
    ['Asia/Kathmandu', '2026-03-31T18:15Z'],
    ['Pacific/Honolulu', '2026-03-31T10:00Z'],
  ])('of a day begins at the midnight of %s', (time_zone, midnight) => {
    const startMs = Date.parse(midnight);
    const zone = { time_zone, anchor: null, window: 'day' } as const;
    const bounds = { startMs, endMs: startMs + 86_400_000 };
    expect([windowBounds(zone, startMs), windowBounds(zone, startMs - 1).endMs]).toEqual([
      bounds,
      startMs,
    ]);
  });

  it('of an hour that the clock repeats is two windows', () => {
    const first = windowBounds({ ...BERLIN, window: 'hour' }, Date.parse('2026-10-25T00:30Z'));
    const second = windowBounds({ ...BERLIN, window: 'hour' }, Date.parse('2026-10-25T01:30Z'));
    expect([first.endMs, second.startMs, second.endMs]).toEqual(
      ['2026-10-25T01:00Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z'].map(Date.parse),
    );
  });

  it('of all time has one start, and no end', () => {
    const bounds = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
    expect(windowBounds({ ...BERLIN, window: 'total' }, AT_MS)).toEqual(bounds);
    expect(windowStream('bud_1', bounds.startMs)).toBe('budget-bud_1@19700101T000000Z');
  });

  it('is found by its name, and one of an end user is none of the budget', () => {
    const startMs = Date.parse('2026-03-31T22:30:01Z');
    expect(windowOfStream(windowStream('bud_1', startMs))).toEqual({ budgetId: 'bud_1', startMs });
    expect(windowOfStream('budget-bud_1~digest@20260331T223001Z')).toBeNull();
    expect(windowOfStream('budget-bud_1')).toBeNull();
  });

  it('of an end user names whose it is behind the budget, and is no window of the budget itself', () => {
    const stream = windowStream('bud_1', AT_MS, 'ab12');
    expect(stream).toBe('budget-bud_1~ab12@20260331T223000Z');
    expect([windowOfStream(stream), windowOfStream(windowStream('bud_1', AT_MS))]).toEqual([
      null,
      { budgetId: 'bud_1', startMs: Math.floor(AT_MS / 1_000) * 1_000 },
    ]);
  });

  it('is named by its start to the second', () => {
    expect(windowStream('bud_1', AT_MS + 1_007)).toBe('budget-bud_1@20260331T223001Z');
  });
});
