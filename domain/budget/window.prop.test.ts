import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowBounds, windowStream } from './window.ts';

const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Australia/Lord_Howe',
  'America/Havana',
  'Atlantic/Azores',
  'America/St_Johns',
);
const instants = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
const rules = fc.record({
  window: fc.constantFrom('hour' as const, 'day' as const, 'week' as const, 'month' as const),
  time_zone: zones,
  anchor: fc.option(fc.constantFrom('2026-01-01', '2026-01-31', '2024-02-29', '2026-11-18')),
});

describe('budget windows', () => {
  it('contain their instant, and the next one begins where one ends', () => {
    fc.assert(
      fc.property(rules, instants, (rule, atMs) => {
        const { startMs, endMs } = windowBounds(rule, atMs);
        expect(startMs <= atMs && atMs < endMs).toBe(true);
        expect(windowBounds(rule, endMs).startMs).toBe(endMs);
        expect(windowBounds(rule, startMs)).toEqual({ startMs, endMs });
      }),
    );
  });

  it('name their start in the stream, so that a reset is a new stream', () => {
    const { startMs } = windowBounds(
      { window: 'month', time_zone: 'Asia/Kolkata', anchor: null },
      Date.UTC(2026, 10, 24),
    );
    expect(windowStream('bud_1', startMs)).toBe('budget-bud_1@20261031T183000Z');
  });
});
