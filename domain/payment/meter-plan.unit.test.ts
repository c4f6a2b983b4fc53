import { expect, it } from 'vitest';
import type { InvoiceBody, InvoiceLine } from '../invoice/invoice.ts';
import { COST_METER, meterEvents } from './meter-plan.ts';

const MINUTE_MS = 60_000;
const NOVEMBER = { number: 2, startMs: Date.UTC(2026, 10), endMs: Date.UTC(2026, 11) };
const OCTOBER = { number: 1, startMs: Date.UTC(2026, 9), endMs: Date.UTC(2026, 10) };
const METERS = { input_tokens: 'llm_input', [COST_METER]: 'llm_cost' };

type Line = { tokens: number; cost?: string; period?: number };

function invoice(lines: readonly Line[], { number, startMs, endMs } = NOVEMBER): InvoiceBody {
  const body = {
    ...{ snapshot_id: `snp_${number}`, period_number: number },
    period_start: new Date(startMs).toISOString(),
    period_end: new Date(endMs).toISOString(),
    lines: lines.map(({ tokens, cost = '0.000000000000', period = number }) => {
      return { input_tokens: tokens, cost, period_number: period } as unknown as InvoiceLine;
    }),
  };
  return body as InvoiceBody;
}

const eventsOf = (body: InvoiceBody) =>
  meterEvents(body, METERS, [OCTOBER]) ?? expect.unreachable();

it('values are whole, have at most 15 digits, and add up exactly: also a pico-dollar, and a correction', () => {
  const lines = [
    { tokens: Number.MAX_SAFE_INTEGER, cost: '0.000000000001' },
    { tokens: 0, cost: '1234567.890123456789' },
    { tokens: 0, cost: '-2345.000000000001' },
  ];
  const events = eventsOf(invoice(lines));
  expect(events.every(({ value }) => /^-?[1-9]\d{0,14}$/.test(value))).toBe(true);
  const sum = (name: string) =>
    events.reduce((all, e) => all + (e.event_name === name ? BigInt(e.value) : 0n), 0n);
  expect(sum('llm_input')).toBe(9_007_199_254_740_991n);
  expect(sum('llm_cost')).toBe(1_232_222_890_123_456_789n);
  expect(new Set(events.map(({ identifier }) => identifier)).size).toBe(events.length);
});

it('an event is named by its snapshot, line and quantity, and what is nothing is no event', () => {
  const lines = [{ tokens: 5 }, { tokens: 0 }, { tokens: 7, period: 1 }];
  expect(eventsOf(invoice(lines)).map(({ identifier }) => identifier)).toEqual([
    'snp_2:0:input_tokens',
    'snp_2:2:input_tokens',
  ]);
});

it('each event of a meter has a minute of its own in its period, also among those of an earlier invoice', () => {
  const many = (count: number, period: number) =>
    Array.from({ length: count }, () => ({ tokens: 1, period }));
  const october = eventsOf(invoice(many(1_000, 1), OCTOBER));
  const november = eventsOf(invoice([...many(1_000, 2), ...many(1_000, 1)]));
  const times = [...october, ...november].map(({ at_ms }) => at_ms);
  expect(new Set(times).size).toBe(3_000);
  expect(times.every((at) => at % MINUTE_MS === 0)).toBe(true);
  const late = november.slice(1_000);
  expect(late.every(({ at_ms }) => at_ms < OCTOBER.endMs && at_ms >= OCTOBER.startMs)).toBe(true);
});

it('what nobody would send is no list of events', () => {
  expect(meterEvents(invoice([{ tokens: 0, cost: '99999999999.000000000000' }]), METERS, [])).toBe(
    null,
  );
});
