/**
 * Times that clients send. Each is a date that exists: `Date.parse` takes 30 February for 2 March,
 * and what no calendar knows can be stored but never carried out.
 */
import { z } from 'zod';

/**
 * From 1970 on, because ids begin with the milliseconds since then; up to 2100, because the warehouse
 * counts the seconds of a bucket in 32 bits, which end in 2106. A year of five digits is also no date
 * that could be stored.
 */
const isInRange = (text: string) =>
  !(Date.parse(text) < 0 || Date.parse(text) >= Date.UTC(2100, 0));
const RANGE = { error: 'must be from 1970 on and before 2100' };

/** RFC 3339 UTC with milliseconds, as everything that is stored has it. */
export const instant = z.iso
  .datetime({
    precision: 3,
    error: 'not a date and time that exists, in UTC with milliseconds, as 2026-11-24T12:00:00.000Z',
  })
  .refine(isInRange, RANGE);

/** RFC 3339, any offset. */
export const instantOfAnyOffset = z.iso
  .datetime({
    offset: true,
    error: 'not a date and time that exists, with its offset, as 2026-11-24T12:00:00+01:00',
  })
  .refine((text) => !/\.\d{10}/.test(text), { error: 'at most nine decimals' })
  .refine(isInRange, RANGE);
