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
);
const instants = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
const windows = fc.constantFrom('day' as const, 'week' as const, 'month' as const);

describe('budget windows', () => {
  it('contain their instant, and the next one begins where one ends', () => {
    fc.assert(
      fc.property(windows, zones, instants, (window, zone, atMs) => {
        const { startMs, endMs } = windowBounds(window, zone, atMs);
        expect(startMs <= atMs && atMs < endMs).toBe(true);
        expect(windowBounds(window, zone, endMs).startMs).toBe(endMs);
        expect(windowBounds(window, zone, startMs)).toEqual({ startMs, endMs });
      }),
    );
  });

  it('name their start in the stream, so that a reset is a new stream', () => {
    const { startMs } = windowBounds('month', 'Asia/Kolkata', Date.UTC(2026, 10, 24));
    expect(windowStream('bud_1', startMs)).toBe('budget-bud_1@20261031T183000Z');
  });
});
