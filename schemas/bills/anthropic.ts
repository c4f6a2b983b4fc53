/**
 * Anthropic's usage and cost reports: `GET /v1/organizations/usage_report/messages` and
 * `/v1/organizations/cost_report`, flattened to one record per result. Claude API reference: Admin.
 */
import { z } from 'zod';
import { countOrNone, currencyName, decimalOrNone, moment, textOrNone } from './fields.ts';

const bucket = { starting_at: moment, ending_at: moment };

export const anthropicUsage = z.object({
  ...bucket,
  api_key_id: textOrNone,
  workspace_id: textOrNone,
  model: textOrNone,
  service_tier: textOrNone,
  uncached_input_tokens: countOrNone,
  cache_read_input_tokens: countOrNone,
  'cache_creation.ephemeral_5m_input_tokens': countOrNone,
  'cache_creation.ephemeral_1h_input_tokens': countOrNone,
  output_tokens: countOrNone,
});

export const anthropicCosts = z.object({
  ...bucket,
  workspace_id: textOrNone,
  /** In the currency's lowest unit: cents, with fractions. */
  amount: decimalOrNone,
  currency: currencyName.optional(),
  cost_type: textOrNone,
  token_type: textOrNone,
  description: textOrNone,
  model: textOrNone,
  service_tier: textOrNone,
});
