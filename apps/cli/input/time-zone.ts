/** The time zone in which times are read and shown. */
import { canonicalTimeZone } from '@tollgate/domain/period/calendar.ts';
import { UsageError } from '../errors.ts';
import type { Environment } from '../surroundings.ts';

/** @param place where it was written, for the message. @throws UsageError */
export function requireTimeZone(place: string, name: string): string {
  const zone = canonicalTimeZone(name);
  if (zone !== null) return zone;
  throw new UsageError(`${place}: ${name} is no time zone; write one as Europe/Berlin or UTC.`);
}

/** Of this machine; UTC where it says nothing that is a zone. */
export function localTimeZone({ TZ: stated }: Environment): string {
  const named = stated === undefined || stated === '' ? undefined : canonicalTimeZone(stated);
  return named ?? canonicalTimeZone(Intl.DateTimeFormat().resolvedOptions().timeZone) ?? 'UTC';
}
