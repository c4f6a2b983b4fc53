/** `invoicing` of `tollgate.yaml`: who sells, on which terms, and how invoices are numbered. */
import { z } from 'zod';
import { addressRequest, printedText } from '../names/address.ts';

const sellerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -');
const text = printedText.nullable().default(null);
const lines = z.array(printedText).max(12).default([]);
const RATE = "a percentage in quotes, such as '19' or '8.875', at most 4 places";

const seller = z.strictObject({
  legal_name: printedText,
  address: addressRequest,
  tax_id: text,
  registration: text,
  email: text,
  phone: text,
  website: text,
  /** Lines: where to pay. */
  payment_details: lines,
  /** Lines at the end of the document. */
  notes: lines,
  /** `{year}`, and `{seq}` or `{seq:6}`. With the year, numbers begin again each year. */
  number_format: z.string().default('INV-{year}-{seq:6}'),
  /** The same for credit notes, which have a series of their own. */
  credit_note_format: z.string().default('CN-{year}-{seq:6}'),
  /** In which the day of issue lies. */
  time_zone: z.string().default('UTC'),
  /** How figures and days are written, unless the customer says otherwise. */
  locale: z.string().default('en'),
  /** From the day of issue to the day when it is due. */
  payment_days: z.int().min(0).max(365).default(14),
  /** What is added to the net total. Default: nothing; a payment system may do it. */
  tax: z
    .strictObject({ name: printedText, rate: z.string(RATE).regex(/^\d{1,2}(\.\d{1,4})?$/, RATE) })
    .nullable()
    .default(null),
});

export const invoicing = z
  .strictObject({
    sellers: z.record(sellerName, seller).default({}),
    /** The seller of customers that name none. Default: the only one. */
    default_seller: sellerName.optional(),
    /**
     * Where a reader of an invoice can ask whether it is genuine. The QR code leads there, with the
     * snapshot's id and hash. Default: it has these alone.
     */
    verify_url: z
      .url({ protocol: /^https?$/, error: 'write an http or https URL' })
      .refine((url) => !/[?#@]/.test(url), 'no query, fragment or user name')
      .optional(),
  })
  .superRefine(({ sellers, default_seller }, context) => {
    const names = Object.keys(sellers);
    if (default_seller === undefined) {
      if (names.length < 2) return;
      const message = `say which of ${names.join(', ')} is meant where a customer names none`;
      context.addIssue({ code: 'custom', path: ['default_seller'], message });
    } else if (!names.includes(default_seller)) {
      const message = `there is no seller ${default_seller}; write one of: ${names.join(', ')}`;
      context.addIssue({ code: 'custom', path: ['default_seller'], message });
    }
  });

export type Invoicing = z.infer<typeof invoicing>;
export type SellerConfig = z.infer<typeof seller>;
