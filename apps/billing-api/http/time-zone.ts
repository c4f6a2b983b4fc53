/** Time zones that a request names, and its times in them. */
import {
  canonicalTimeZone,
  dayStartMs,
  monthBounds,
  parseInstant,
} from '@tollgate/domain/period/calendar.ts';
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

/**
 * Unix milliseconds of a range whose ends have passed the schema `instantOrDate`; what is left out is
 * the bound of the current month, or of the month that the other end lies in.
 */
export function rangeInZone(
  { start, end }: { start?: string | undefined; end?: string | undefined },
  nowMs: number,
  timeZone: string,
): { startMs: number; endMs: number } {
  const [startMs, endMs] = [start, end].map((time) =>
    time === undefined ? undefined : msInZone(time, () => timeZone),
  );
  const month = (atMs: number) => monthBounds(atMs, timeZone, 1);
  return {
    startMs: startMs ?? month(Math.min(nowMs, (endMs ?? Number.POSITIVE_INFINITY) - 1)).startMs,
    endMs: endMs ?? month(Math.max(nowMs, startMs ?? 0)).endMs,
  };
}
