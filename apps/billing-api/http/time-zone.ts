/** A time zone that a request names. */
import { isTimeZone } from '@tollgate/domain/period/calendar.ts';
import { ApiProblem } from './errors.ts';

/** @throws ApiProblem invalid_request, naming the field at `path` */
export function requireTimeZone(path: string, timeZone: string): void {
  if (isTimeZone(timeZone)) return;
  throw new ApiProblem('invalid_request', { errors: [{ path, message: 'not an IANA time zone' }] });
}
