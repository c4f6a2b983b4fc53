/** Time zones that a request names, and its times in them. */
import { canonicalTimeZone, dayStartMs, parseInstant } from '@tollgate/domain/period/calendar.ts';
import { ApiProblem } from './errors.ts';

/**
 * @returns its canonical spelling
 * @throws ApiProblem invalid_request, naming the field at `path`
 */
export function requireTimeZone(path: string, timeZone: string): string {
  const canonical = canonicalTimeZone(timeZone);
  if (canonical !== null) return canonical;
  throw new ApiProblem('invalid_request', { errors: [{ path, message: 'not an IANA time zone' }] });
}

/**
 * Unix milliseconds of a time that has passed the schema `instantOrDate`: a plain date is the first
 * instant of that day.
 *
 * @param zone its canonical name; asked for only where it counts
 */
export function msInZone(time: string, zone: () => string): number {
  return time.includes('T') ? parseInstant(time) : dayStartMs(time, zone());
}
