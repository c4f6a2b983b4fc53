import { describe, expect, it } from 'vitest';
import { chunkOf } from './chunk.ts';
import { reservedFor, usedBy } from './tokens.ts';
import { availableBy, msUntilAvailable, rateWindow, windowLengthMs } from './window.ts';

const MINUTE = { startMs: 60_000, endMs: 120_000 };

describe('windows', () => {
  it('are the seconds and minutes of UTC, their end being the start of the next', () => {
    expect(rateWindow(windowLengthMs('minute'), 119_999)).toEqual(MINUTE);
    expect(rateWindow(windowLengthMs('minute'), 120_000).startMs).toBe(120_000);
    expect(rateWindow(windowLengthMs('second'), 1_999)).toEqual({ startMs: 1_000, endMs: 2_000 });
  });

  it('have all of their limit at once, or smoothed a step with each second', () => {
    expect(availableBy(100, false, MINUTE, 60_000)).toBe(100);
    const by = (ms: number) => availableBy(100, true, MINUTE, ms);
    expect([60_000, 60_999, 61_000, 90_000, 118_999, 119_000, 119_999].map(by)).toEqual([
      2, 2, 4, 52, 99, 100, 100,
    ]);
    // A clock that is put back has a window that goes on for longer.
    expect(by(125_000)).toBe(100);
  });

  it('say how long an amount is waited for', () => {
    const until = (smoothing: boolean, given: number, amount: number, nowMs: number) =>
      msUntilAvailable({ limit: 100, smoothing }, MINUTE, { given, amount, nowMs });
    expect(until(false, 100, 1, 60_500)).toBe(59_500);
    expect(until(false, 0, 101, 60_500)).toBeNull();
    expect(until(true, 2, 1, 60_500)).toBe(500);
    expect(until(true, 2, 30, 60_500)).toBe(17_500);
    expect(until(true, 100, 1, 60_500)).toBe(59_500);
    expect(until(true, 0, 1, 60_500)).toBe(0);
  });
});

describe('a chunk', () => {
  it('is what is needed, and more for a proxy that uses more, but a part of what is left', () => {
    expect(chunkOf(3, 0, 1_000)).toBe(3);
    expect(chunkOf(3, 0.2, 1_000)).toBe(53);
    expect(chunkOf(3, 100, 1_000)).toBe(128);
    expect(chunkOf(3, 100, 7)).toBe(3);
    expect(chunkOf(3, 100, null)).toBe(3);
  });
});

describe('tokens', () => {
  const bound = { inputTokensMax: 7, outputTokensMax: 5 };
  const used = {
    ...{ input_tokens: 1, cache_read_tokens: 2, cache_write_tokens: 4, audio_input_tokens: 8 },
    ...{ output_tokens: 16, reasoning_tokens: 32, audio_output_tokens: 64 },
    ...{ images: 128, requests: 256 },
  };

  it('are reserved and counted by what the limit measures', () => {
    const measures = ['requests', 'input_tokens', 'output_tokens', 'total_tokens'] as const;
    expect(measures.map((measure) => reservedFor(measure, bound))).toEqual([1, 7, 5, 12]);
    expect(measures.map((measure) => usedBy(measure, used))).toEqual([null, 15, 112, 127]);
  });

  it('are not known if a part of them is not (I8)', () => {
    const partly = { ...used, cache_write_tokens: null };
    expect(usedBy('input_tokens', partly)).toBeNull();
    expect(usedBy('output_tokens', partly)).toBe(112);
    expect(usedBy('total_tokens', partly)).toBeNull();
  });
});
