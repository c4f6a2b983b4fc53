/**
 * Appends one event to a stream exactly once, whatever answers get lost. The event's id is derived
 * from the command; after any doubt the stream is read, and what stands there decides.
 *
 * Why an attempt at an old revision cannot land late: it was sent with that revision, and the
 * stream has moved past it before we try at a newer one.
 */
import type { ExpectedRevision, Ledger, LedgerEvent, NewLedgerEvent } from './ledger.ts';

const PAGE = 1_000;
const ATTEMPTS_MAX = 100;
const RETRY_MS = { first: 20, max: 2_000 };

/** @returns the event as it stands in the ledger: its figures count, not the caller's */
export async function appendOnce(
  ledger: Ledger,
  stream: string,
  event: NewLedgerEvent,
  signal?: AbortSignal,
): Promise<LedgerEvent> {
  let pauseMs = RETRY_MS.first;
  let lastError: unknown;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    signal?.throwIfAborted();
    try {
      const seen = await findInStream(ledger, stream, event.id);
      if (seen.event !== undefined) return seen.event;
      const result = await ledger.append(stream, seen.last, [event]);
      if (result.ok) {
        const stored = await findInStream(ledger, stream, event.id);
        if (stored.event !== undefined) return stored.event;
        throw new Error(`${stream} acknowledged event ${event.id} and does not hold it`);
      }
    } catch (error) {
      lastError = error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, RETRY_MS.max);
    }
  }
  throw new Error(`${stream}: append of ${event.type} did not succeed`, { cause: lastError });
}

async function findInStream(
  ledger: Ledger,
  stream: string,
  eventId: string,
): Promise<{ event?: LedgerEvent; last: ExpectedRevision }> {
  let last: ExpectedRevision = 'no_stream';
  let fromRevision = 0n;
  for (;;) {
    const page = await ledger.read(stream, { fromRevision, limit: PAGE });
    const event = page.find((candidate) => candidate.id === eventId);
    const tail = page.at(-1);
    if (tail !== undefined) last = tail.revision;
    if (event !== undefined) return { event, last };
    if (page.length < PAGE) return { last };
    fromRevision = (tail?.revision ?? 0n) + 1n;
  }
}
