/**
 * Our own form of a provider's totals: `{"object":"provider_totals","rows":[…]}`, one row for each day,
 * model and whatever else tells the calls apart. For providers whose export is not recognised, and for
 * files that are too large to be sent: the command line sums them up and sends this.
 */
import { type QuantityName, quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import {
  countOrNone,
  currencyName,
  decimalOrNone,
  plainDay,
  someText,
  textOrNone,
} from './fields.ts';

const counts = Object.fromEntries(quantityNames.map((name) => [name, countOrNone])) as Record<
  QuantityName,
  typeof countOrNone
>;

export const providerTotals = z.object({
  day: plainDay,
  model: textOrNone,
  tier: textOrNone,
  /** A list; of a flat record, its JSON text. */
  identities: z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined || text === '') return [];
      const list = z.array(someText).max(16).safeParse(jsonOf(text));
      if (list.success) return list.data;
      context.addIssue({ code: 'custom', message: 'not a list of texts' });
      return z.NEVER;
    }),
  ...counts,
  amount: decimalOrNone,
  amount_of: z.enum(['', ...quantityNames]).optional(),
  currency: currencyName.optional(),
  item: textOrNone,
  /** The kind of export that it was made from. */
  source: someText.optional(),
});

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
