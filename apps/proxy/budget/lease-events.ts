/**
 * The ledger appends of a lease, made by the instance that owns it and by the proxy that takes over
 * its journal. Both derive the same ids, so that together they grant and settle once (I3).
 */
import { Backoff } from '@tollgate/adapters/backoff/backoff.ts';
import type { LeaseRequest } from '@tollgate/adapters/journal/journal-writes.ts';
import { appendOnce } from '@tollgate/adapters/ledger/append-once.ts';
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger, NewLedgerEvent, Urgency } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { EventAt } from '@tollgate/adapters/ledger/read-stream.ts';
import type {
  LeaseGranted,
  LeaseReduced,
  LeaseSettled,
} from '@tollgate/domain/budget/budget-events.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';

const RETRY_MS = { first: 20, max: 1_000 };
const ATTEMPTS_MAX = 20;

export function grantedEvent(instanceId: string, { leaseId, amount }: LeaseRequest): LeaseGranted {
  const data = { lease_id: leaseId, instance_id: instanceId, amount: formatDecimal12(amount) };
  return { type: 'LeaseGranted', data };
}

/**
 * Appends a grant at the revision it was decided from, as often as it takes to know the outcome; with
 * what opens its window, if that is to come right before it.
 *
 * @returns false if another event has that revision: then nothing of it can ever land
 */
export async function appendGrant(
  ledger: Ledger,
  instanceId: string,
  request: LeaseRequest,
): Promise<boolean> {
  const { expectedRevision } = request;
  const expected = expectedRevision === 'no_stream' ? 'no_stream' : BigInt(expectedRevision);
  const granted = grantedEvent(instanceId, request);
  // The id was journaled before the first append, and counts even if ids are derived differently now.
  const event = {
    ...newLedgerEvent(request.stream, granted, request.leaseId),
    id: request.eventId,
  };
  const { opening } = request;
  // seam: opening-goes-with-its-grant
  const events = opening === null ? [event] : [JSON.parse(opening) as NewLedgerEvent, event];
  return untilKnown(async () => {
    // seam: grant-is-appended
    return (await ledger.append(request.stream, expected, events)).ok;
  });
}

/**
 * Appends what was decided at a revision, as often as it takes to know the outcome.
 *
 * @returns false if another append came first: then nothing of it can land any more
 */
export function appendAt(
  ledger: Ledger,
  stream: string,
  revision: bigint,
  events: readonly NewLedgerEvent[],
): Promise<boolean> {
  return untilKnown(async () => (await ledger.append(stream, revision, events)).ok);
}

/** A slice is so large from now on: its calls need no more. */
export function reducedEvent(leaseId: string, amount: bigint): LeaseReduced {
  return { type: 'LeaseReduced', data: { lease_id: leaseId, amount: formatDecimal12(amount) } };
}

async function untilKnown(append: () => Promise<boolean>): Promise<boolean> {
  const backoff = new Backoff(RETRY_MS);
  for (let attempt = 1; ; attempt++) {
    try {
      return await append();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      await backoff.pause();
    }
  }
}

/**
 * Settles a lease once. A second caller must find the same figure: both read one journal.
 *
 * @param options.notBefore no event from this revision on is known; before it the lease is open
 */
export async function settleLease(
  ledger: Ledger,
  stream: string,
  leaseId: string,
  spent: bigint,
  options: { notBefore?: bigint } & Urgency = {},
): Promise<EventAt<LeaseSettled>> {
  const data = { lease_id: leaseId, spent: formatDecimal12(spent) };
  // seam: settlement-event
  const settled = newLedgerEvent(stream, { type: 'LeaseSettled', data }, leaseId);
  const stored = await appendOnce(ledger, stream, settled, options);
  const event = budgetWindowEvents.parse(stored);
  if (event.type !== 'LeaseSettled' || parseDecimal12(event.data.spent) !== spent) {
    const found = event.type === 'LeaseSettled' ? event.data.spent : event.type;
    throw new Error(
      `lease ${leaseId} was settled at ${found}, its journal says ${formatDecimal12(spent)}`,
    );
  }
  return { event, at: stored };
}

/** What an attempt was billed above its hold: counted at once, before the lease is settled. */
export async function appendOverrun(
  ledger: Ledger,
  stream: string,
  overrun: { leaseId: string; attemptId: string; amount: bigint },
): Promise<void> {
  const data = {
    lease_id: overrun.leaseId,
    attempt_id: overrun.attemptId,
    amount: formatDecimal12(overrun.amount),
  };
  const subject = `${overrun.attemptId}|${overrun.leaseId}`;
  await appendOnce(ledger, stream, newLedgerEvent(stream, { type: 'Overrun', data }, subject));
}
