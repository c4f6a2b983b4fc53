/**
 * Makes the events that raise alarms. Stream, event id and alarm id follow from what the alarm is about,
 * so whichever process raises it, and however often, it is one.
 */
import { type AlarmRaised, alarmStreams } from '@tollgate/domain/alarm/alarm-events.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { sha256Text } from '../digest/sha256.ts';
import type { NewLedgerEvent } from './ledger.ts';
import { newLedgerEvent } from './new-event.ts';

/** Of one window of a budget: `alarm-<budget>@<start>`. @param window `budget-<budget>@<start>` */
export function alarmStreamOf(window: string): string {
  return alarmStreams.of(window.slice(window.indexOf('-') + 1));
}

export function alarmId(stream: string, subject: string, windowStartMs: number): string {
  return makeId('alm', windowStartMs, sha256Text(`${stream}|${subject}`));
}

/** @param subject tells it from the other alarms of the stream */
export function alarmEvent(
  stream: string,
  subject: string,
  data: Omit<AlarmRaised['data'], 'alarm_id'>,
): NewLedgerEvent {
  const alarm_id = alarmId(stream, subject, Date.parse(data.window_start));
  // seam: alarm-has-one-id
  return newLedgerEvent(stream, { type: 'AlarmRaised', data: { alarm_id, ...data } }, subject);
}
