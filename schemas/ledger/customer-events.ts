/** The payloads of streams `customer-<id>` and `installation-settings` (see ledger-events.ts). */
import type { CustomerEvent } from '@tollgate/domain/customer/customer-events.ts';
import type { InstallationEvent } from '@tollgate/domain/installation/installation-events.ts';
import type { KeyDefaults } from '@tollgate/domain/key/key-defaults.ts';
import { z } from 'zod';
import { currencyCode as currency } from '../billing/exchange-rate.ts';
import { tagsOf } from '../event/tags.ts';
import { billingDetails } from '../names/billing-details.ts';
import { objectId as id, shortName as name } from '../names/names.ts';
import {
  budgetDefinitionPayloads,
  markupPpm,
  modelLists,
  type PayloadsOf,
} from './ledger-events.ts';
import { rateLimitPayloads } from './rate-limit-events.ts';

const defaultBudget = budgetDefinitionPayloads.BudgetDefined.omit({
  ...{ budget_id: true, scope: true },
}).extend({ time_zone: name.nullable() });
const defaultRateLimit = rateLimitPayloads.RateLimitDefined.omit({ rate_limit_id: true }).extend({
  scope: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('key') }),
    z.strictObject({ type: z.literal('end_user') }),
    z.strictObject({ type: z.literal('key_model'), model: name }),
  ]),
});

const keyDefaults = z.strictObject({
  tags: tagsOf(name).exactOptional(),
  on_disconnect: z.enum(['drain', 'abort']).exactOptional(),
  end_user_required: z.boolean().exactOptional(),
  expires_in_seconds: z.int().min(1).nullable().exactOptional(),
  ...modelLists,
  budgets: z.array(defaultBudget).exactOptional(),
  rate_limits: z.array(defaultRateLimit).exactOptional(),
}) satisfies z.ZodType<KeyDefaults>;
const defaults = { key_defaults: keyDefaults.nullable().exactOptional() };
const details = { billing_details: billingDetails.nullable().exactOptional() };

export const customerPayloads = {
  CustomerCreated: z.strictObject({
    customer_id: id,
    external_id: name.nullable(),
    name,
    time_zone: name,
    currency,
    markup_ppm: markupPpm,
    ...modelLists,
    ...defaults,
    ...details,
  }),
  CustomerUpdated: z.strictObject({
    customer_id: id,
    name: name.exactOptional(),
    currency: currency.exactOptional(),
    markup_ppm: markupPpm.exactOptional(),
    ...modelLists,
    ...defaults,
    ...details,
  }),
  CustomerArchived: z.strictObject({ customer_id: id }),
} satisfies PayloadsOf<CustomerEvent>;

export const installationPayloads = {
  InstallationUpdated: z.strictObject({
    ...defaults,
    links_generation: z.int().min(1).exactOptional(),
  }),
} satisfies PayloadsOf<InstallationEvent>;
