/**
 * What other gateways export. OpenRouter: `GET /api/v1/activity` (totals by UTC day), and the CSV of
 * single generations. LiteLLM: rows of its spend logs, as JSON or CSV.
 */
import { z } from 'zod';
import {
  countOrNone,
  decimal,
  decimalOrNone,
  moment,
  plainDay,
  someText,
  textOrNone,
} from './fields.ts';

export const openrouterActivity = z.object({
  date: plainDay,
  model: someText,
  model_permaslug: textOrNone,
  workspace_id: textOrNone,
  usage: decimal,
  byok_usage_inference: decimalOrNone,
  requests: countOrNone,
  prompt_tokens: countOrNone,
  /** With the reasoning ones. */
  completion_tokens: countOrNone,
  reasoning_tokens: countOrNone,
});

export const openrouterLog = z.object({
  created_at: moment,
  model_permaslug: someText,
  api_key_name: textOrNone,
  cost_total: decimal,
  tokens_prompt: countOrNone,
  tokens_completion: countOrNone,
  tokens_reasoning: countOrNone,
  tokens_cached: countOrNone,
});

export const litellmSpendLog = z.object({
  request_id: someText,
  api_key: textOrNone,
  team_id: textOrNone,
  call_type: textOrNone,
  status: textOrNone,
  model: textOrNone,
  model_group: textOrNone,
  custom_llm_provider: textOrNone,
  cache_hit: textOrNone,
  end_user: textOrNone,
  spend: decimalOrNone,
  prompt_tokens: countOrNone,
  completion_tokens: countOrNone,
  cache_read_input_tokens: countOrNone,
  cache_creation_input_tokens: countOrNone,
  startTime: moment,
  endTime: moment,
});
