/** Anthropic: the usage report of messages, and the cost report. */
import type { SourceFacts } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';
import { anthropicCosts, anthropicUsage } from '@tollgate/schemas/bills/anthropic.ts';
import {
  amountOf,
  bucketIn,
  defineSource,
  identitiesOf,
  placesOf,
  rowOf,
  TEXT_BUCKETS,
  tierOf,
  utcDay,
} from '../source.ts';

const facts = {
  ...{ provider: 'anthropic', timeZone: 'UTC', attributedBy: 'end' },
  states: TEXT_BUCKETS,
  // Thinking is output, and is not stated apart.
  within: { reasoning_tokens: 'output_tokens' },
} as const satisfies Omit<SourceFacts, 'name'>;

const KINDS: Readonly<Record<string, QuantityName>> = {
  uncached_input_tokens: 'input_tokens',
  cache_read_input_tokens: 'cache_read_tokens',
  'cache_creation.ephemeral_5m_input_tokens': 'cache_write_tokens',
  'cache_creation.ephemeral_1h_input_tokens': 'cache_write_tokens',
  output_tokens: 'output_tokens',
};

export const anthropicSources = [
  defineSource({
    facts: { ...facts, name: 'anthropic_usage' },
    ...{ schema: anthropicUsage, marks: ['starting_at', 'uncached_input_tokens'] },
    read(record) {
      const day = utcDay(record.starting_at);
      const written =
        record['cache_creation.ephemeral_5m_input_tokens'] +
        record['cache_creation.ephemeral_1h_input_tokens'];
      const quantities = {
        input_tokens: record.uncached_input_tokens,
        cache_read_tokens: record.cache_read_input_tokens,
        cache_write_tokens: written,
        output_tokens: record.output_tokens,
      };
      if (record.model === null) {
        const isQuiet = Object.values(quantities).every((quantity) => quantity === 0);
        return isQuiet ? { rows: [], quietDay: day } : 'model: ask for the report by model';
      }
      const { api_key_id, workspace_id, model } = record;
      const identities = identitiesOf({ api_key: api_key_id, workspace: workspace_id });
      const tier = tierOf(record.service_tier);
      return { rows: [rowOf({ day, model, tier, identities, quantities })] };
    },
  }),
  defineSource({
    facts: { ...facts, name: 'anthropic_costs', states: [] },
    ...{ schema: anthropicCosts, marks: ['starting_at', 'amount', 'currency'] },
    read(record) {
      const day = utcDay(record.starting_at);
      if (record.amount === null) return { rows: [], quietDay: day };
      // Of cents.
      const amount = amountOf(record.amount) / 100n;
      const more = { currency: record.currency ?? 'USD', places: placesOf(record.amount) + 2 };
      const { model, description, cost_type: type } = record;
      if (description === null && model === null) {
        return {
          ...more,
          rows: [],
          skipped: 'costs by no description: ask for group_by[]=description',
        };
      }
      const identities = identitiesOf({ workspace: record.workspace_id });
      const row = rowOf({ day, amount, identities, tier: tierOf(record.service_tier) });
      const bucket = bucketIn(KINDS, record.token_type ?? '');
      if (model === null || bucket === undefined) {
        return { ...more, rows: [{ ...row, item: description ?? type ?? 'unnamed' }] };
      }
      return { ...more, rows: [{ ...row, model, amountOf: bucket }] };
    },
  }),
];
