/** Bodies of /v1/customers. */
import { z } from 'zod';
import { currencyCode } from '../billing/exchange-rate.ts';
import { billingDetails, billingDetailsRequest } from '../names/billing-details.ts';
import { objectId as id, shortName as name } from '../names/names.ts';
import { changeOf } from './change.ts';
import { keyDefaults, keyDefaultsView } from './key-defaults.ts';
import { modelLists, shownModelLists } from './model-lists.ts';
import { created, life } from './resources.ts';

const currency = currencyCode.meta({ description: 'ISO 4217, with 0, 2 or 3 decimal places.' });
const markupPpm = z.int().min(0).max(100_000_000);
const defaults = { key_defaults: keyDefaults.nullable().exactOptional() };
const details = {
  billing_details: billingDetailsRequest.nullable().exactOptional().meta({
    description: 'What invoices from now on say of the customer. Replaced as a whole.',
  }),
};

export const customerRequest = z.strictObject({
  name,
  external_id: name.optional(),
  time_zone: name.default('UTC'),
  currency: currency.default('USD'),
  /** Parts per million: 200000 is +20 %. */
  markup_ppm: markupPpm.default(0),
  ...modelLists,
  ...defaults,
  ...details,
});
export const customerView = z.strictObject({
  object: z.literal('customer'),
  id,
  external_id: name.nullable(),
  name,
  time_zone: name,
  currency: z.string(),
  markup_ppm: markupPpm,
  ...shownModelLists,
  key_defaults: keyDefaultsView.nullable(),
  billing_details: billingDetails.nullable(),
  ...life,
  ...created,
});
export const customerChange = changeOf({
  name: name.exactOptional(),
  currency: currency.exactOptional().meta({
    description: 'Binds from the next period on: one that is open is billed in its own currency.',
  }),
  markup_ppm: markupPpm.exactOptional().meta({
    description: 'Holds for every period that has not begun to close.',
  }),
  ...modelLists,
  ...defaults,
  ...details,
});
export const customerParams = z.strictObject({ customer_id: id });
