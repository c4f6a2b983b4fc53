import { describe, expect, it } from 'vitest';
import { ApiError } from '../http/openai-error.ts';
import { GlobalKnobs } from './global-knobs.ts';
import { requestKnobs } from './knobs.ts';

describe('knobs', () => {
  it('are read from headers and metadata, metadata winning', () => {
    const headers = { 'x-sim-output-tokens': '7', 'x-sim-latency-ms': '1.5' };
    const metadata = { sim_output_tokens: '0', sim_fault: 'reset_after:12', trace: 'mine' };
    expect(requestKnobs(headers, metadata)).toEqual({
      output_tokens: 0,
      latency_ms: 1.5,
      fault: { kind: 'reset_after', bytes: 12 },
    });
  });

  it.each([
    { sim_outputtokens: '1' },
    { sim_output_tokens: '-1' },
    { sim_output_tokens: '1e3' },
    { sim_fault: 'status_404' },
    { sim_fault: 'reset_after' },
    { sim_bill_on_fault: 'yes' },
    { sim_output_tokens: 1 },
  ])('that are unknown or malformed are refused: %j', (metadata) => {
    expect(() => requestKnobs({}, metadata)).toThrow(ApiError);
  });

  it('draw the same faults for the same seed, at about the stated rate', () => {
    const drawn = () => {
      const knobs = new GlobalKnobs();
      knobs.merge({ fault: 'status_500', fault_rate: 0.1, seed: 7 });
      return Array.from({ length: 1_000 }, () => knobs.for({}).fault !== undefined);
    };
    const first = drawn();
    const strikes = first.filter(Boolean).length;
    expect(drawn()).toEqual(first);
    expect(strikes).toBeGreaterThan(60);
    expect(strikes).toBeLessThan(140);
  });

  it('strike only as often as fault_count says, and yield to a fault of the call itself', () => {
    const knobs = new GlobalKnobs();
    knobs.merge({ fault: 'status_503', fault_count: 2, latency_ms: 5 });
    const own = knobs.for({ fault: { kind: 'none' } });
    const kinds = [1, 2, 3].map(() => knobs.for({}).fault?.kind);
    expect([own.fault?.kind, own.latency_ms, ...kinds]).toEqual([
      'none',
      5,
      'status',
      'status',
      undefined,
    ]);
  });

  it('are merged wholly or not at all', () => {
    const knobs = new GlobalKnobs();
    knobs.merge({ latency_ms: 3 });
    expect(() => knobs.merge({ latency_ms: 9, fault_rate: 2 })).toThrow(ApiError);
    expect(knobs.view()).toEqual({ latency_ms: 3 });
    knobs.reset();
    expect(knobs.view()).toEqual({});
  });
});
