/**
 * What the columns of providers' exports hold. Every value is text: a CSV has nothing else, and a JSON
 * number is kept as it was written, because a float would no longer be the amount that was stated.
 * Empty text is what was left out. Columns that we do not read are tolerated, and listed by the reader.
 */
import { z } from 'zod';

const EMPTY = /^(?:|null|None|NULL)$/;

/** A count; spreadsheets and data frames write `10.0`. */
const count = z
  .string()
  .regex(/^\d{1,15}(?:\.0+)?$/, 'not a count')
  .transform((text) => parseInt(text, 10));

/** Absent or empty: nothing was used. */
export const countOrNone = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined || EMPTY.test(text)) return 0;
    const parsed = count.safeParse(text);
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: 'not a count' });
    return z.NEVER;
  });

/** Of usage, with a fraction: `12.345` thousand tokens. */
export const decimal = z
  .string()
  .regex(/^[+-]?\d{1,30}(?:\.\d{0,40})?(?:[eE][+-]?\d{1,2})?$/, 'not a decimal number');

export const decimalOrNone = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined || EMPTY.test(text)) return null;
    const parsed = decimal.safeParse(text);
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: 'not a decimal number' });
    return z.NEVER;
  });

export const textOrNone = z
  .string()
  .max(1_024)
  .optional()
  .transform((text) => (text === undefined || EMPTY.test(text) ? null : text));

export const someText = z.string().min(1, 'is empty').max(1_024);

/** Unix seconds. */
export const unixSeconds = z
  .string()
  .regex(/^\d{9,10}$/, 'not a Unix time in seconds')
  .transform((text) => parseInt(text, 10) * 1_000);

/**
 * A date, or a date with a time; without an offset it is UTC, as the exports that we read have it.
 * Given on as Unix ms.
 */
export const moment = z.string().transform((text, context) => {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s*(Z|UTC|[+-]\d\d:?(?:\d\d)?)?)?$/.exec(
      text.trim(),
    );
  const [, day, time = '00:00:00', fraction = '', zone = 'Z'] = match ?? [];
  const offset =
    zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d\d):?(\d\d)?$/, (_, h, m) => `${h}:${m ?? '00'}`);
  const ms = Date.parse(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
  if (match !== null && !Number.isNaN(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'not a date or a time' });
  return z.NEVER;
});

export const plainDay = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(?:[T ]00:00:00.*)?$/, 'not a day')
  .transform((text) => text.slice(0, 10));

export const currencyName = z
  .string()
  .regex(/^[A-Za-z]{3}$/, 'not a currency')
  .transform((text) => text.toUpperCase());
