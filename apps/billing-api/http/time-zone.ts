/** A time zone that a request names. */
import { canonicalTimeZone } from '@tollgate/domain/period/calendar.ts';
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
