/**
 * Times that clients send. Each is a date that exists: `Date.parse` takes 30 February for 2 March,
 * and what no calendar knows can be stored but never carried out.
 */
import { z } from 'zod';

/** RFC 3339 UTC with milliseconds, as everything that is stored has it. */
export const instant = z.iso.datetime({
  precision: 3,
  error: 'not a date and time that exists, in UTC with milliseconds, as 2026-11-24T12:00:00.000Z',
});

/** RFC 3339, any offset; from 1970 on, because ids begin with the milliseconds since then. */
export const instantOfAnyOffset = z.iso
  .datetime({
    offset: true,
    error: 'not a date and time that exists, with its offset, as 2026-11-24T12:00:00+01:00',
  })
  .refine((text) => !/\.\d{10}/.test(text), { error: 'at most nine decimals' })
  .refine((text) => Date.parse(text) >= 0, { error: 'must not be before 1970' });
