/**
 * The two ledger appends of a lease, shared by the instance that owns it and by the one that takes
 * over its journal: the same ids, so that both together settle once.
 */
import type { LeaseRequest } from '@tollgate/adapters/journal/journal-writes.ts';
import { appendOnce } from '@tollgate/adapters/ledger/append-once.ts';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { ledgerEventData } from '@tollgate/schemas/ledger/ledger-events.ts';

const RETRY_MS = { first: 20, max: 1_000 };
const ATTEMPTS_MAX = 20;

/**
 * Appends a grant at the revision it was decided from, as often as it takes to know the outcome.
 *
 * @returns false if something else stands there: then it can never land
 */
export async function appendGrant(
  ledger: Ledger,
  instanceId: string,
  request: LeaseRequest,
): Promise<boolean> {
  const { expectedRevision } = request;
  const expected = expectedRevision === 'no_stream' ? 'no_stream' : BigInt(expectedRevision);
  const event = {
    id: request.eventId,
    type: 'LeaseGranted',
    data: {
      lease_id: request.leaseId,
      instance_id: instanceId,
      amount: formatDecimal12(request.amount),
    },
  };
  let pauseMs = RETRY_MS.first;
  for (let attempt = 1; ; attempt++) {
    try {
      // seam: grant-is-appended
      return (await ledger.append(request.stream, expected, [event])).ok;
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, RETRY_MS.max);
    }
  }
}

/**
 * Settles a lease once. Whoever comes second must find the same figure: both read one journal.
 *
 * @param notBefore revision up to which the lease is known to be open
 */
export async function settleLease(
  ledger: Ledger,
  stream: string,
  leaseId: string,
  spent: bigint,
  notBefore = 0n,
): Promise<void> {
  // seam: settlement-event
  const settled = {
    id: ledgerEventId(stream, 'LeaseSettled', leaseId),
    type: 'LeaseSettled',
    data: { lease_id: leaseId, spent: formatDecimal12(spent) },
  };
  const stored = await appendOnce(ledger, stream, settled, { notBefore });
  const data = ledgerEventData.LeaseSettled.parse(stored.data);
  if (parseDecimal12(data.spent) !== spent) {
    throw new Error(
      `lease ${leaseId} was settled at ${data.spent}, its journal says ${formatDecimal12(spent)}`,
    );
  }
}

/** What an attempt was billed above its hold: counted at once, before the lease is settled. */
export async function appendOverrun(
  ledger: Ledger,
  stream: string,
  overrun: { leaseId: string; attemptId: string; amount: bigint },
): Promise<void> {
  await appendOnce(ledger, stream, {
    id: ledgerEventId(stream, 'Overrun', `${overrun.attemptId}|${overrun.leaseId}`),
    type: 'Overrun',
    data: {
      lease_id: overrun.leaseId,
      attempt_id: overrun.attemptId,
      amount: formatDecimal12(overrun.amount),
    },
  });
}
