/**
 * Raises the alarm that the store of rates does not answer, once in an hour, whichever proxy notices it
 * first (docs/design.md, Alarms). Off the path of any call.
 */
import { alarmEvent } from '@tollgate/adapters/ledger/alarm-appends.ts';
import { appendOnce } from '@tollgate/adapters/ledger/append-once.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { alarmStreams } from '@tollgate/domain/alarm/alarm-events.ts';

const HOUR_MS = 3_600_000;

/** @param signal ends the attempts to append */
export async function raiseStoreAway(
  ledger: Ledger,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const startMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const stream = alarmStreams.of(`rate_store@${iso(startMs)}`);
  const event = alarmEvent(stream, 'away', {
    kind: 'rate_store_away',
    ...{ budget_id: null, threshold: null, limit: null, spent: null, amount: null },
    ...{ exceeds_at: null, raised_at: iso(nowMs) },
    window_start: iso(startMs),
    window_end: iso(startMs + HOUR_MS),
  });
  await appendOnce(ledger, stream, event, signal === undefined ? {} : { signal });
}
