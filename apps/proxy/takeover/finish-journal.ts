/**
 * What is left to do in the journal of a dead instance (docs/design.md, Settling and taking over),
 * in an order that survives the death of the proxy that does it, at any step:
 *
 * 1. every requested grant is appended once more, same id and revision: it is confirmed, or it
 *    conflicts and can never land;
 * 2. every unfinished attempt is finished by the ordinary transaction: status unknown, its holds
 *    added to its leases' totals;
 * 3. the outbox is shipped, stored bytes;
 * 4. every lease is settled from its total alone, and forgotten after the settlement was read back.
 *
 * I1: every attempt that was sent has its event. I3: every lease is settled once.
 */
import type { Journal } from '@tollgate/adapters/journal/journal.ts';
import type { JournalContents } from '@tollgate/adapters/journal/journal-writes.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { unknownOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { finishedText } from '@tollgate/domain/usage/event/event-text.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { appendGrant, settleLease } from '../budget/lease-events.ts';
import { shipOnce } from '../shipper/shipper.ts';

export type FinishDeps = {
  ledger: Ledger;
  log: Log;
  shipBatchRecordsMax: number;
};

/** How much there was of it. */
export type Finished = { unfinished: number; shipped: number; leases: number };

/**
 * To be called by the process that holds the instance's lock, and has opened its journal.
 *
 * @param instanceId of the dead one
 */
export async function finishJournal(
  deps: FinishDeps,
  instanceId: string,
  journal: Journal,
): Promise<Finished> {
  const { leaseRequests, unfinished } = await journal.contents();
  for (const request of leaseRequests) {
    // seam: takeover-granted-not-journaled
    const granted = await appendGrant(deps.ledger, instanceId, request);
    const { leaseId } = request;
    await journal.write({ op: granted ? 'lease_granted' : 'lease_refused', leaseId });
  }
  for (const { attemptId, event } of unfinished) {
    // seam: takeover-attempt-finished
    await finishAttempt(journal, deps.log.partitions, attemptId, event);
  }
  const shipped = await shipAll(deps, journal);
  const { leases } = await journal.contents();
  for (const { leaseId, stream, spent } of leases) {
    // seam: takeover-settled-not-forgotten
    await settleLease(deps.ledger, stream, leaseId, spent);
    await journal.write({ op: 'lease_forgotten', leaseId });
  }
  return { unfinished: unfinished.length, shipped, leases: leases.length };
}

async function shipAll(deps: FinishDeps, journal: Journal): Promise<number> {
  let shipped = 0;
  for (;;) {
    const records = await shipOnce(journal, deps.log, deps.shipBatchRecordsMax);
    if (records === 0) return shipped;
    // seam: takeover-batch-shipped
    shipped += records;
  }
}

type StartedEvent = Pick<UsageEvent, 'customer_id' | 'hold_lease_ids' | 'hold_amounts'>;

/** What only its end could have shown stays unknown; the model is the one that was asked for. */
async function finishAttempt(
  journal: Journal,
  partitions: number,
  attemptId: string,
  started: string,
): Promise<void> {
  const outcome = unknownOutcome(new Date().toISOString());
  const { deployment } = JSON.parse(started) as { deployment: string };
  outcome.model_served = deployment.slice(deployment.indexOf('/') + 1);
  const text = finishedText(started, outcome);
  // The text is our own. The projector applies the schema to it: a record that the schema refuses
  // must not keep the records behind it from being shipped.
  const event = JSON.parse(text) as StartedEvent;
  // seam: dead-attempt-is-charged
  const charges = event.hold_lease_ids.map((leaseId, index) => ({
    leaseId,
    amount: parseDecimal12(event.hold_amounts[index] ?? '0.000000000000'),
  }));
  await journal.write({
    op: 'finished',
    attemptId,
    partition: partitionOf(Buffer.from(event.customer_id), partitions),
    event: text,
    charges,
  });
}

export function isEmpty(contents: JournalContents): boolean {
  const { unfinished, leaseRequests, leases, outboxRecords } = contents;
  return unfinished.length + leaseRequests.length + leases.length + outboxRecords === 0;
}
