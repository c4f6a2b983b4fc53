/**
 * Sends one part of an invoice's usage to meters. Stripe knows an identifier for a day: until then a repetition
 * is refused as known. After it, and where events were rejected, each minute is asked for what was counted.
 */
import { PaymentsError } from '@tollgate/adapters/payments/payments.ts';
import type { MeterEvent } from '@tollgate/domain/payment/meter-plan.ts';
import type { ExportMetersSent, MeterDifference } from '@tollgate/domain/payment/payment-events.ts';
import { type StepContext, type StepMove, StepStopped } from './step.ts';

export async function sendMeters(
  context: StepContext,
  move: StepMove,
): Promise<{ event: ExportMetersSent; subject: string }> {
  const { deps, invoice, plan } = context;
  if (plan.kind !== 'meters') throw new Error(`${invoice.id} goes to no meter`);
  const { chunk } = move;
  const events = plan.chunks[chunk] ?? [];
  const nowMs = deps.clock();
  const { open, isLooked } = await openOf(context, move, events, nowMs);
  const differences = await sendAll(context, open, isLooked, nowMs);
  const data: ExportMetersSent['data'] = {
    ...{ invoice_id: invoice.id, chunk, last: chunk + 1 === plan.chunks.length },
    ...{ events: events.length, differences, sent_at: new Date(nowMs).toISOString() },
  };
  return { event: { type: 'ExportMetersSent', data }, subject: `${chunk}|${move.attempt}` };
}

/** What has to be sent; `isLooked`: none of it was counted. */
async function openOf(
  context: StepContext,
  { inDoubt, firstAtMs }: StepMove,
  events: readonly MeterEvent[],
  nowMs: number,
): Promise<{ open: readonly MeterEvent[]; isLooked: boolean }> {
  const { exportKeyMs, meterAgeMs } = context.deps.limits;
  // seam: meters-are-asked-after-a-day
  const isForgotten = firstAtMs !== null && nowMs - firstAtMs >= exportKeyMs;
  const isLate = inDoubt && events.some(({ at_ms }) => nowMs - at_ms > meterAgeMs);
  const isLooked = context.state.isRecheck || isForgotten || isLate;
  return { open: isLooked ? await notCounted(context, events) : events, isLooked };
}

async function notCounted(
  { deps, state }: StepContext,
  events: readonly MeterEvent[],
): Promise<MeterEvent[]> {
  const minutes = new Map<string, MeterEvent[]>();
  for (const event of events) {
    const minute = `${event.event_name}|${event.at_ms}`;
    minutes.set(minute, [...(minutes.get(minute) ?? []), event]);
  }
  const open: MeterEvent[] = [];
  for (const [minute, members] of minutes) {
    const { event_name, at_ms } = members[0] as MeterEvent;
    const planned = members.reduce((sum, { value }) => sum + BigInt(value), 0n);
    const found = await deps.payments.countedUsage(customerOf(state), event_name, at_ms);
    if (found === planned) continue;
    if (found !== 0n) {
      const detail = `${minute}: ${found} is counted there, and ${planned} was sent`;
      throw new StepStopped('meter_differs', detail);
    }
    open.push(...members);
  }
  return open;
}

async function sendAll(
  { deps, state }: StepContext,
  open: readonly MeterEvent[],
  isLooked: boolean,
  nowMs: number,
): Promise<MeterDifference[]> {
  const differences: MeterDifference[] = [];
  const waiting: string[] = [];
  for (const { identifier, event_name, value, at_ms } of open) {
    const usage = { customer: customerOf(state), eventName: event_name, identifier, value };
    // seam: old-usage-is-a-difference
    const isTooOld = nowMs - at_ms > deps.limits.meterAgeMs;
    const outcome = isTooOld ? 'too_old' : await deps.payments.sendUsage({ ...usage, atMs: at_ms });
    if (outcome === 'too_old') {
      const at = new Date(at_ms).toISOString();
      differences.push({ identifier, event_name, value, at, reason: 'too_old' });
    }
    // seam: known-is-not-counted
    if (outcome === 'known' && isLooked) waiting.push(identifier);
  }
  if (waiting.length === 0) return differences;
  const message = `${waiting.length} events are known there and not counted, such as ${waiting[0]}`;
  throw new PaymentsError('busy', 'meter_event_not_counted', message);
}

function customerOf({ customer, invoiceId }: StepContext['state']): string {
  if (customer === null) throw new Error(`${invoiceId} has no customer there yet`);
  return customer;
}
