/** A record of another gateway's log, as `POST /v1/usage_history` takes it. */

import { parseAtto } from '@tollgate/domain/money/atto.ts';
import { formatDecimal } from '@tollgate/domain/money/money.ts';
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { litellmSpendLog } from '@tollgate/schemas/bills/gateways.ts';
import { historyCsv, portkeyLog } from '@tollgate/schemas/bills/histories.ts';
import type { HistoryEventRequest } from '@tollgate/schemas/http/usage-history.ts';

/** Whose a record is, where it does not say. */
export type Owner = {
  customer: string | undefined;
  /** Our key for a key of theirs; undefined: none was made for it. */
  keyFor(theirs: string): string | undefined;
};

type Fields = Readonly<Record<string, string>>;
/** @returns a text that says what is wrong with the record */
type Read = (fields: Fields, owner: Owner) => HistoryEventRequest | string;

const ATTO_PLACES = 18;
/** From cents. */
const PER_DOLLAR = 100n;

export const historySources: Readonly<Record<string, Read>> = {
  litellm: reader(litellmSpendLog, (record, owner) => {
    const input =
      record.prompt_tokens - record.cache_read_input_tokens - record.cache_creation_input_tokens;
    // LiteLLM's prompt tokens are with all that was cached.
    if (input < 0) return 'prompt_tokens: less than what of them was cached';
    const isHit = /^true$/i.test(record.cache_hit ?? '');
    const failed = record.status === 'failure';
    const keyId = record.api_key === null ? undefined : owner.keyFor(record.api_key);
    return event(owner, {
      ...{ id: record.request_id, time: record.startTime, keyId },
      ...{ provider: record.custom_llm_provider, model: record.model ?? record.model_group },
      ...{ endpoint: record.call_type, endUser: record.end_user, failed },
      cost: usd(record.spend, 1n),
      quantities: {
        ...{ input_tokens: input, output_tokens: record.completion_tokens },
        ...{ cache_read_tokens: record.cache_read_input_tokens },
        ...{ cache_write_tokens: record.cache_creation_input_tokens },
        requests: failed || isHit ? 0 : 1,
      },
    });
  }),
  portkey: reader(portkeyLog, (record, owner) => {
    if (!/^usd$/i.test(record.cost_currency ?? 'USD')) return 'cost_currency: only USD is taken';
    const failed = /^(?:0|false)$/i.test(record.is_success ?? '');
    const isHit = /hit/i.test(record.cache_status ?? '');
    return event(owner, {
      ...{ id: record.id, time: record.created_at, provider: record.ai_org, failed },
      ...{ model: record.ai_model, cost: usd(record.cost, PER_DOLLAR) },
      quantities: {
        ...{ input_tokens: record.req_units, output_tokens: record.res_units },
        requests: failed || isHit ? 0 : 1,
      },
    });
  }),
  csv: reader(historyCsv, (record, owner, fields) => {
    // An empty count is not stated, and without any nothing is known of what was used (I8).
    const stated = quantityNames.filter((name) => (fields[name] ?? '') !== '');
    return event(
      { ...owner, customer: record.customer ?? owner.customer },
      {
        ...{ id: record.id, time: record.time, keyId: record.key ?? undefined },
        ...{ provider: record.provider, model: record.model, endpoint: record.endpoint },
        ...{ environment: record.environment, endUser: record.end_user },
        ...{ failed: false, cost: usd(record.cost, 1n) },
        quantities: Object.fromEntries(stated.map((name) => [name, record[name]])),
      },
    );
  }),
};

type Facts = {
  id: string;
  time: number;
  keyId?: string | undefined;
  provider: string | null;
  model: string | null;
  endpoint?: string | null;
  environment?: string | null;
  endUser?: string | null;
  failed: boolean;
  /** Undefined: it is less than nothing. */
  cost: string | null | undefined;
  quantities: Partial<HistoryEventRequest>;
};

function event({ customer }: Owner, facts: Facts): HistoryEventRequest | string {
  if (customer === undefined) return 'customer: whose is it? Say --customer';
  if (facts.cost === undefined) return 'cost: less than nothing';
  const texts = {
    ...{ key_id: facts.keyId, provider: facts.provider, model: facts.model },
    ...{ endpoint: facts.endpoint, environment: facts.environment, end_user: facts.endUser },
  };
  const known = Object.entries(texts).filter(([, text]) => (text ?? '') !== '');
  return {
    ...{ id: facts.id, customer_id: customer, time: new Date(facts.time).toISOString() },
    ...(Object.fromEntries(known) as Partial<HistoryEventRequest>),
    ...{ failed: facts.failed, cost: facts.cost, ...facts.quantities },
  };
}

/** In whole dollars, exactly. @returns undefined: it is less than nothing */
function usd(text: string | null, perDollar: bigint): string | null | undefined {
  const atto = text === null ? null : parseAtto(text);
  if (atto === null) return null;
  return atto < 0n ? undefined : formatDecimal((atto * PER_DOLLAR) / perDollar, ATTO_PLACES + 2);
}

type Parsed<T> =
  | { success: true; data: T }
  | {
      success: false;
      error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] };
    };

function reader<T>(
  schema: { safeParse(value: unknown): Parsed<T> },
  read: (record: T, owner: Owner, fields: Fields) => HistoryEventRequest | string,
): Read {
  return (fields, owner) => {
    const parsed = schema.safeParse(fields);
    if (parsed.success) return read(parsed.data, owner, fields);
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') ?? 'record'}: ${issue?.message ?? 'invalid'}`;
  };
}
