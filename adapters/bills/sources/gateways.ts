/** Other gateways: OpenRouter's activity and its log of generations, LiteLLM's spend logs. */
import type { SourceFacts } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import {
  litellmSpendLog,
  openrouterActivity,
  openrouterLog,
} from '@tollgate/schemas/bills/gateways.ts';
import { amountOf, defineSource, identitiesOf, placesOf, rowOf, utcDay } from '../source.ts';

const openrouter = { provider: 'openrouter', timeZone: 'UTC', attributedBy: 'start' } as const;
/** Prompt tokens with all that was cached, completion tokens with all that was thought. */
const SUMS_ONLY = {
  cache_read_tokens: 'input_tokens',
  cache_write_tokens: 'input_tokens',
  reasoning_tokens: 'output_tokens',
} as const satisfies SourceFacts['within'];

export const gatewaySources = [
  defineSource({
    facts: {
      ...{ ...openrouter, name: 'openrouter_activity' },
      states: ['input_tokens', 'output_tokens', 'reasoning_tokens', 'requests'],
      within: { cache_read_tokens: 'input_tokens', cache_write_tokens: 'input_tokens' },
    },
    ...{
      schema: openrouterActivity,
      marks: ['date', 'model', 'usage', 'prompt_tokens', 'requests'],
    },
    read(record) {
      const output = record.completion_tokens - record.reasoning_tokens;
      if (output < 0) return 'completion_tokens: less than its reasoning_tokens';
      const row = rowOf({
        ...{ day: record.date, model: record.model_permaslug ?? record.model },
        identities: identitiesOf({ workspace: record.workspace_id }),
        amount: amountOf(record.usage) + amountOf(record.byok_usage_inference ?? '0'),
        quantities: {
          ...{ input_tokens: record.prompt_tokens, output_tokens: output },
          ...{ reasoning_tokens: record.reasoning_tokens, requests: record.requests },
        },
      });
      return { rows: [row], currency: 'USD', places: placesOf(record.usage) };
    },
  }),
  defineSource({
    facts: {
      ...{ ...openrouter, name: 'openrouter_log' },
      states: [
        'input_tokens',
        'cache_read_tokens',
        'output_tokens',
        'reasoning_tokens',
        'requests',
      ],
      within: { cache_write_tokens: 'input_tokens' },
    },
    ...{ schema: openrouterLog, marks: ['created_at', 'cost_total', 'tokens_prompt'] },
    read(record) {
      const input = record.tokens_prompt - record.tokens_cached;
      const output = record.tokens_completion - record.tokens_reasoning;
      if (input < 0 || output < 0) return 'tokens_prompt: less than its parts';
      const row = rowOf({
        ...{ day: utcDay(record.created_at), model: record.model_permaslug },
        identities: identitiesOf({ api_key: record.api_key_name }),
        amount: amountOf(record.cost_total),
        quantities: {
          ...{ input_tokens: input, cache_read_tokens: record.tokens_cached },
          ...{ output_tokens: output, reasoning_tokens: record.tokens_reasoning, requests: 1 },
        },
      });
      return { rows: [row], currency: 'USD', places: placesOf(record.cost_total) };
    },
  }),
  defineSource({
    facts: {
      ...{ name: 'litellm_spend_logs', provider: 'openai', timeZone: 'UTC', attributedBy: 'start' },
      states: ['input_tokens', 'output_tokens', 'requests'],
      within: SUMS_ONLY,
    },
    ...{ schema: litellmSpendLog, marks: ['request_id', 'spend', 'startTime', 'prompt_tokens'] },
    read(record) {
      const day = utcDay(record.startTime);
      if (/^true$/i.test(record.cache_hit ?? '')) {
        return { rows: [], skipped: 'answered from the cache of LiteLLM', quietDay: day };
      }
      const model = record.model ?? record.model_group;
      if (model === null) return { rows: [], skipped: 'names no model', quietDay: day };
      const isFailure = record.status === 'failure';
      const row = rowOf({
        ...{
          day,
          model,
          identities: identitiesOf({ api_key: record.api_key, team: record.team_id }),
        },
        amount: amountOf(record.spend ?? '0'),
        quantities: {
          ...{ input_tokens: record.prompt_tokens, output_tokens: record.completion_tokens },
          requests: isFailure ? 0 : 1,
        },
      });
      return { rows: [row], currency: 'USD', places: placesOf(record.spend ?? '0') };
    },
  }),
];
