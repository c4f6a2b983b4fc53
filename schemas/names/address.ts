/** Text that is printed on documents: what a page or a PDF would show otherwise than it reads is refused. */
import type { PostalAddress } from '@tollgate/domain/invoice/document-events.ts';
import { z } from 'zod';
import { SHORT_TEXT_LENGTH_MAX } from './names.ts';

/** No control characters, no line ends, and nothing that turns the direction of what follows. */
const PRINTED = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]+$/u;

export const printedText = z
  .string()
  .min(1)
  .max(SHORT_TEXT_LENGTH_MAX)
  .regex(PRINTED, 'one line, without control characters');

const countryCode = z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166 code, such as DE');

/** As a person writes it: what is left out is null. */
export const addressRequest = z.strictObject({
  line1: printedText,
  line2: printedText.nullable().default(null),
  postal_code: printedText.nullable().default(null),
  city: printedText,
  region: printedText.nullable().default(null),
  country: countryCode,
});

export const postalAddress = z.strictObject({
  line1: printedText,
  line2: printedText.nullable(),
  postal_code: printedText.nullable(),
  city: printedText,
  region: printedText.nullable(),
  country: countryCode,
}) satisfies z.ZodType<PostalAddress>;
