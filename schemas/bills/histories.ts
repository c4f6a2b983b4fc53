/**
 * What other gateways keep of single calls, and a CSV of our own for all others (docs/migration.md). LiteLLM's
 * spend logs are in `gateways.ts`.
 */
import { type QuantityName, quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { countOrNone, decimalOrNone, moment, someText, textOrNone } from './fields.ts';

/** Portkey's log export: `cost` is in US cents. */
export const portkeyLog = z.object({
  id: someText,
  created_at: moment,
  ai_org: textOrNone,
  ai_model: textOrNone,
  req_units: countOrNone,
  res_units: countOrNone,
  cost: decimalOrNone,
  cost_currency: textOrNone,
  is_success: textOrNone,
  cache_status: textOrNone,
});

const counts = Object.fromEntries(quantityNames.map((name) => [name, countOrNone])) as {
  [Name in QuantityName]: typeof countOrNone;
};

/** `cost` is in USD; an empty one is not known. */
export const historyCsv = z.object({
  id: someText,
  time: moment,
  customer: textOrNone,
  key: textOrNone,
  provider: textOrNone,
  model: textOrNone,
  endpoint: textOrNone,
  environment: textOrNone,
  end_user: textOrNone,
  cost: decimalOrNone,
  ...counts,
});

/** LiteLLM's virtual keys: `GET /key/list?return_full_object=true`, or rows of its table. */
export const litellmKey = z.object({
  /** The hash of the key, as spend logs have it in `api_key`. */
  token: someText,
  key_name: textOrNone,
  key_alias: textOrNone,
  team_id: textOrNone,
  max_budget: decimalOrNone,
  budget_duration: textOrNone,
  tpm_limit: countOrNone,
  rpm_limit: countOrNone,
  /** A list, as JSON or as Postgres writes one. */
  models: z.string().max(65_536).optional(),
  blocked: textOrNone,
  expires: z.union([z.literal(''), moment]).optional(),
});
