/**
 * Times that clients send: every form of RFC 3339, each a date that exists (`Date.parse` takes 30
 * February for 2 March). They leave here in the one form that is stored, so that one instant has one
 * text, however it was written. A form that only looks like RFC 3339 is refused with what to write.
 */
import { z } from 'zod';

const DATE = /^\d{4}-\d\d-\d\d$/;
const INSTANT =
  /^(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const AS = 'as 2026-11-24T12:00:00Z or 2026-11-24T13:00:00+01:00';
const NOT_A_TIME = `not a date and time that exists, with its offset, ${AS}`;
/** Forms that people and libraries write; the first that matches says what to write instead. */
const ODD_FORMS: readonly [form: RegExp, help: string][] = [
  [DATE, `a day is no instant: write its time and offset too, ${AS}`],
  [/^\S{10} \d/, `a blank between day and time: write T there, ${AS}`],
  [/:60(?!\d)/, 'a leap second: write second 59, or 00 of the next minute'],
  [/[Tt]\d\d:\d\d(?!:\d\d)/, `no seconds: write them, ${AS}`],
  [/\.\d{10}/, 'at most nine decimals'],
  [/\d[+-]\d\d(?:\d\d)?$/, `an offset without its colon: write +01:00, ${AS}`],
  [/[Tt]\d\d:\d\d:\d\d(?:\.\d+)?$/, `no offset: write Z for UTC, or +01:00, ${AS}`],
];

/**
 * From 1970 on, because ids begin with the milliseconds since then; up to 2100, because the warehouse
 * counts the seconds of a bucket in 32 bits, which end in 2106.
 */
const RANGE = 'must be from 1970 on and before 2100';
const END_MS = Date.UTC(2100, 0);

/** Cut to the millisecond, never rounded up: an event stays in its day. @returns why not, if not */
function msOf(text: string): number | string {
  const [, day = '', clock, fraction = '', offset = ''] = INSTANT.exec(text) ?? [];
  if (DATE.test(text) && !exists(text)) return NOT_A_TIME;
  if (clock === undefined) return ODD_FORMS.find(([form]) => form.test(text))?.[1] ?? NOT_A_TIME;
  if (!exists(day)) return NOT_A_TIME;
  const millis = fraction.slice(0, 3).padEnd(3, '0');
  const ms = Date.parse(`${day}T${clock}.${millis}${offset.toUpperCase()}`);
  return ms < 0 || ms >= END_MS ? RANGE : ms;
}

function exists(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00.000Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

function canonical(text: string, context: z.RefinementCtx<string>): string {
  const ms = msOf(text);
  if (typeof ms === 'number') return new Date(ms).toISOString();
  context.addIssue({ code: 'custom', message: ms });
  return z.NEVER;
}

/** RFC 3339 in any form; given on as UTC with milliseconds, as everything that is stored has it. */
export const instant = z.string().transform(canonical).meta({ format: 'date-time' });

/** An instant, or a plain date, which is given on as it is: the caller knows in which zone it is. */
export const instantOrDate = z
  .string()
  .transform((text, context) => {
    if (!DATE.test(text) || !exists(text)) return canonical(text, context);
    if (text >= '1970-01-02' && text < '2099-12-31') return text;
    context.addIssue({ code: 'custom', message: RANGE });
    return z.NEVER;
  })
  .meta({ description: 'RFC 3339, or a plain date: the first instant of that day' });

/** An instant, or a plain date, which is the first instant of that day in UTC. */
export const instantOrDateUtc = instantOrDate.transform((text) =>
  DATE.test(text) ? `${text}T00:00:00.000Z` : text,
);
