/**
 * What an invoice becomes where Stripe rates usage itself: an event for each of its lines and each quantity
 * that has a meter. Pure, so that every process at any time asks for the same.
 *
 * - **Identifiers** name the snapshot, the line and the quantity: a repetition is the same event.
 * - **Values** are whole and have at most 15 digits; what is larger goes in parts, which add up to it.
 * - **Times** lie at the end of the period that the usage belongs to, each event of a meter in a minute of its
 *   own: what Stripe has counted can be asked for by the minute, when nobody remembers an identifier any more.
 *   Late usage of a later invoice has other minutes than what its period was billed with.
 */
import type { InvoiceBody, InvoiceLine } from '../invoice/invoice.ts';
import { parseDecimal12 } from '../money/money.ts';

export type MeterEvent = {
  identifier: string;
  event_name: string;
  /** A whole number. */
  value: string;
  at_ms: number;
};

export type PeriodSpan = { number: number; startMs: number; endMs: number };

/** Names of events, by quantity. */
export type MeterNames = Readonly<Record<string, string>>;

/** The cost before any mark-up, in 10⁻¹² dollars: exact. */
export const COST_METER = 'cost_pico_usd';

/** Of one invoice: an hour of requests. */
const EVENTS_MAX = 20_000;
const VALUE_MAX = 999_999_999_999_999n;
const MINUTE_MS = 60_000;
/** How old an event may be: an invoice of one period has late usage of so many days at most. */
const AGE_MAX_MS = 35 * 24 * 60 * MINUTE_MS;
/** Minutes that an invoice may use of one period. */
const BLOCK_MINUTES_MAX = 1_440;

/** @returns null: more than anybody sends; in parts that is an invoice of many millions */
export function meterEvents(
  invoice: InvoiceBody,
  meters: MeterNames,
  earlier: readonly PeriodSpan[],
): MeterEvent[] | null {
  const spans = new Map(earlier.map((span) => [span.number, span]));
  const { period_number: number } = invoice;
  const own = { startMs: Date.parse(invoice.period_start), endMs: Date.parse(invoice.period_end) };
  spans.set(number, { number, ...own });
  const taken = new Map<string, number>();
  const events: MeterEvent[] = [];
  for (const [index, line] of invoice.lines.entries()) {
    const span = spans.get(line.period_number);
    if (span === undefined) throw new Error(`period ${line.period_number} is not known`);
    for (const [quantity, event_name] of Object.entries(meters)) {
      for (const [part, value] of partsOf(quantityOf(line, quantity)).entries()) {
        if (events.length === EVENTS_MAX) return null;
        const place = taken.get(`${event_name}|${span.number}`) ?? 0;
        taken.set(`${event_name}|${span.number}`, place + 1);
        const name = part === 0 ? quantity : `${quantity}:${part}`;
        const identifier = `${invoice.snapshot_id}:${index}:${name}`;
        const at_ms = minuteOf(span, number - span.number, place);
        events.push({ identifier, event_name, value: `${value}`, at_ms });
      }
    }
  }
  return events;
}

function quantityOf(line: InvoiceLine, quantity: string): bigint {
  if (quantity === COST_METER) return parseDecimal12(line.cost);
  const found = (line as unknown as Readonly<Record<string, unknown>>)[quantity];
  return typeof found === 'number' ? BigInt(found) : 0n;
}

function partsOf(value: bigint): bigint[] {
  const parts: bigint[] = [];
  const most = value < 0n ? -VALUE_MAX : VALUE_MAX;
  let rest = value;
  // seam: meter-value-in-parts
  for (; (rest < 0n ? -rest : rest) > VALUE_MAX && parts.length <= EVENTS_MAX; rest -= most) {
    parts.push(most);
  }
  return rest === 0n ? parts : [...parts, rest];
}

/** @param late by how many periods the usage is late. @param place among the events of its meter */
function minuteOf({ startMs, endMs }: PeriodSpan, late: number, place: number): number {
  const blocks = Math.ceil(AGE_MAX_MS / (endMs - startMs)) + 1;
  const minutes = Math.floor((endMs - startMs) / MINUTE_MS);
  const block = Math.max(1, Math.min(BLOCK_MINUTES_MAX, Math.floor(minutes / blocks)));
  const before = (late % blocks) * block + (place % block) + 1;
  return Math.floor(endMs / MINUTE_MS) * MINUTE_MS - before * MINUTE_MS;
}
