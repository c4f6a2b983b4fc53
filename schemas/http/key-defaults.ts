/** What new keys get: defaults of a customer, and of the installation. */
import { z } from 'zod';
import { keyTagsOf } from '../event/tags.ts';
import { timestamp } from '../event/usage-event.ts';
import { shortName as name } from '../names/names.ts';
import { changeOf } from './change.ts';
import { modelLists, modelPattern } from './model-lists.ts';
import { rateTerms, refuseOddRates } from './rate-limits.ts';
import { budgetRequest } from './resources.ts';

/** Of each kind: every new key appends as many events before its own. */
const LIMITS_MAX = 8;
/** Ten years, seconds: a key that lives longer is one that does not expire. */
const EXPIRES_IN_SECONDS_MAX = 10 * 366 * 24 * 60 * 60;

const defaultBudget = budgetRequest.omit({ scope: true });
const defaultRateLimit = z
  .strictObject({
    /** `end_user`: each end user of the key. `key_model`: its calls for models of a pattern. */
    scope: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('key') }),
        z.strictObject({ type: z.literal('end_user') }),
        z.strictObject({ type: z.literal('key_model'), model: modelPattern }),
      ])
      .default({ type: 'key' }),
    ...rateTerms,
  })
  .superRefine(refuseOddRates);

const plainDefaults = {
  tags: keyTagsOf(name).exactOptional(),
  on_disconnect: z.enum(['drain', 'abort']).exactOptional(),
  end_user_required: z.boolean().exactOptional(),
  expires_in_seconds: z.int().min(1).max(EXPIRES_IN_SECONDS_MAX).nullable().exactOptional(),
  ...modelLists,
};

export const keyDefaults = z
  .strictObject({
    ...plainDefaults,
    budgets: z.array(defaultBudget).max(LIMITS_MAX).exactOptional(),
    rate_limits: z.array(defaultRateLimit).max(LIMITS_MAX).exactOptional(),
  })
  .meta({
    description:
      'What a new key gets where its request says nothing; it is the key’s own from then on. ' +
      'Replaces the defaults before, all of them; null: none. Each member of a customer’s defaults ' +
      'takes the place of the installation’s; tags are taken one by one. `budgets` and ' +
      '`rate_limits` are made for each new key, before it works.',
  });

export const keyDefaultsView = z.strictObject({
  ...plainDefaults,
  budgets: z.array(z.record(z.string(), z.unknown())).exactOptional(),
  rate_limits: z.array(z.record(z.string(), z.unknown())).exactOptional(),
});

export const installationChange = changeOf({
  key_defaults: keyDefaults.nullable().exactOptional(),
});
export const installationView = z.strictObject({
  object: z.literal('installation'),
  key_defaults: keyDefaultsView.nullable(),
  /** Null: nothing was set yet. */
  updated_at: timestamp.nullable(),
});
