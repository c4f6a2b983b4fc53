import { describe, expect, it } from 'vitest';
import { windowBounds, windowStream } from './window.ts';

/** A Tuesday; it is Wednesday in Berlin already. */
const AT_MS = Date.UTC(2026, 2, 31, 22, 30);

describe('a budget window', () => {
  it.each([
    ['day', '2026-03-31T22:00Z', '2026-04-01T22:00Z'],
    ['week', '2026-03-29T22:00Z', '2026-04-05T22:00Z'],
    // The clocks went forward on 29 March: the month of April begins two hours before UTC's.
    ['month', '2026-03-31T22:00Z', '2026-04-30T22:00Z'],
  ] as const)('of a %s is that of the calendar in its zone', (window, start, end) => {
    expect(windowBounds(window, 'Europe/Berlin', AT_MS)).toEqual({
      startMs: Date.parse(start),
      endMs: Date.parse(end),
    });
  });

  it('of all time has one start, and no end', () => {
    const bounds = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
    expect(windowBounds('total', 'Europe/Berlin', AT_MS)).toEqual(bounds);
    expect(windowStream('bud_1', bounds.startMs)).toBe('budget-bud_1@19700101T000000Z');
  });

  it('is named by its start to the second', () => {
    expect(windowStream('bud_1', AT_MS + 1_007)).toBe('budget-bud_1@20260331T223001Z');
  });
});
