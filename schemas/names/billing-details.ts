/** The billing details of a customer, as a request and as the ledger have them. */
import type { BillingDetails } from '@tollgate/domain/invoice/billing-details.ts';
import { z } from 'zod';
import { addressRequest, postalAddress, printedText } from './address.ts';
import { shortName } from './names.ts';

const text = printedText.nullable();
const treatment = z.enum(['standard', 'exempt', 'reverse_charge']);

export const billingDetails = z.strictObject({
  legal_name: text,
  address: postalAddress.nullable(),
  tax_id: text,
  reference: text,
  locale: shortName.nullable(),
  seller: shortName.nullable(),
  tax: z.strictObject({ treatment, text }).nullable(),
}) satisfies z.ZodType<BillingDetails>;

export const billingDetailsRequest = z.strictObject({
  legal_name: text.default(null).meta({ description: "Default: the customer's name." }),
  address: addressRequest.nullable().default(null),
  tax_id: text.default(null),
  reference: text.default(null).meta({ description: 'A purchase order, a cost centre.' }),
  locale: shortName.nullable().default(null).meta({
    description: "BCP 47, such as de-DE: how figures and days are written. Default: the seller's.",
  }),
  seller: shortName.nullable().default(null).meta({
    description: 'Name of a seller in the configuration. Default: `default_seller`.',
  }),
  tax: z
    .strictObject({ treatment, text: text.default(null) })
    .nullable()
    .default(null)
    .meta({
      description:
        "`exempt` and `reverse_charge` add no tax, and say why. Default: the seller's tax, if any.",
    }),
});
