/** OpenAI: usage and costs of an organization, from the API and from the dashboard's CSV. */
import type { SourceFacts } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';
import { openaiCosts, openaiUsage } from '@tollgate/schemas/bills/openai.ts';
import {
  amountOf,
  bucketIn,
  defineSource,
  identitiesOf,
  placesOf,
  type Reading,
  rowOf,
  TEXT_BUCKETS,
  tierOf,
  utcDay,
} from '../source.ts';

const usageFacts = {
  ...{ provider: 'openai', timeZone: 'UTC', attributedBy: 'end' },
  states: [...TEXT_BUCKETS, 'audio_input_tokens', 'audio_output_tokens', 'requests'],
  within: { reasoning_tokens: 'output_tokens' },
} as const satisfies Omit<SourceFacts, 'name'>;

const costFacts = { ...usageFacts, states: [] } as const;

type Usage = (typeof openaiUsage)['_output'];
type Costs = (typeof openaiCosts)['_output'];

function readUsage(record: Usage): Reading | string {
  const day = utcDay(record.start_time);
  if (record.model === null) {
    const isQuiet = record.num_model_requests === 0 && record.input_tokens === 0;
    return isQuiet ? { rows: [], quietDay: day } : 'model: ask for the export by model';
  }
  const cached = record.input_cached_tokens;
  const written = record.input_cache_write_tokens;
  // Exports that state text apart have audio within the sums; older ones have it next to them.
  const hasAudioWithin = record.input_text_tokens !== null;
  const audioIn = record.input_audio_tokens;
  const audioOut = record.output_audio_tokens;
  const input = record.input_tokens - cached - written - (hasAudioWithin ? audioIn : 0);
  const output = record.output_tokens - (hasAudioWithin ? audioOut : 0);
  if (input < 0 || output < 0) return 'input_tokens: less than its parts';
  const row = rowOf({
    ...{ day, model: record.model, identities: identities(record) },
    tier: tierOf(record.service_tier, record.batch?.toLowerCase() === 'true'),
    quantities: {
      ...{ input_tokens: input, cache_read_tokens: cached, cache_write_tokens: written },
      ...{ output_tokens: output, audio_input_tokens: audioIn, audio_output_tokens: audioOut },
      requests: record.num_model_requests,
    },
  });
  return { rows: [row] };
}

function identities({ api_key_id, project_id }: Pick<Usage, 'api_key_id' | 'project_id'>) {
  return identitiesOf({ api_key: api_key_id, project: project_id });
}

const KINDS: Readonly<Record<string, QuantityName>> = {
  input: 'input_tokens',
  'cached input': 'cache_read_tokens',
  'cache write input': 'cache_write_tokens',
  output: 'output_tokens',
  'audio input': 'audio_input_tokens',
  'audio output': 'audio_output_tokens',
};

/** `gpt-4o-2024-08-06, cached input`, with a product before a bar for some. */
const LINE_ITEM = /^(?:[^|]*\| *)?([^,|]+), ([a-z ]+)$/i;

function readCosts(record: Costs): Reading | string {
  const day = utcDay(record.start_time);
  const { line_item: item, amount_value: text } = record;
  if (text === null) return { rows: [], quietDay: day };
  const amount = amountOf(text);
  const more = { currency: record.amount_currency ?? 'USD', places: placesOf(text) };
  if (item === null) {
    if (amount === 0n) return { rows: [], quietDay: day };
    return { ...more, rows: [], skipped: 'costs by no line item: ask for group_by=line_item' };
  }
  const row = rowOf({ day, amount, identities: identities(record), item });
  const [, model, kind = ''] = LINE_ITEM.exec(item) ?? [];
  const bucket = bucketIn(KINDS, kind.toLowerCase());
  if (model === undefined || bucket === undefined) return { ...more, rows: [row] };
  return { ...more, rows: [{ ...row, model, item: null, amountOf: bucket }] };
}

/** The API nests an amount's parts, the CSV joins them by an underscore. */
const joined = (column: string) => column.replace(/^amount\./, 'amount_');

export const openaiSources = [
  defineSource({
    facts: { ...usageFacts, name: 'openai_usage' },
    ...{ schema: openaiUsage, marks: ['start_time', 'end_time', 'num_model_requests', 'object'] },
    read: readUsage,
  }),
  defineSource({
    facts: { ...costFacts, name: 'openai_costs' },
    ...{ schema: openaiCosts, marks: ['start_time', 'end_time', 'amount_value', 'object'] },
    ...{ nameOf: joined, read: readCosts },
  }),
  defineSource({
    facts: { ...usageFacts, name: 'openai_usage_csv' },
    ...{ schema: openaiUsage, marks: ['start_time', 'end_time', 'num_model_requests'] },
    read: readUsage,
  }),
  defineSource({
    facts: { ...costFacts, name: 'openai_costs_csv' },
    ...{ schema: openaiCosts, marks: ['start_time', 'end_time', 'amount_value'] },
    read: readCosts,
  }),
];
