/**
 * What a provider's export says in totals: so much of a model on a day. Each source states another
 * part of it (usage without money, money without usage, both), so everything may be absent, which is
 * not zero.
 */
import type { QuantityName } from '../../usage/quantities.ts';

/** The exports that are recognised. `totals` is our own form of the same, for any other provider. */
export type SourceName =
  | 'openai_usage'
  | 'openai_costs'
  | 'openai_usage_csv'
  | 'openai_costs_csv'
  | 'anthropic_usage'
  | 'anthropic_costs'
  | 'google_billing'
  | 'google_cost_table'
  | 'aws_cur'
  | 'openrouter_activity'
  | 'openrouter_log'
  | 'litellm_spend_logs'
  | 'totals';

/** Which instant of a call decides in which day its provider counts it. */
export type AttributedBy = 'start' | 'end';

export type SourceFacts = {
  name: SourceName;
  /** What deployments of this provider are usually called here. */
  provider: string;
  /** In which its days begin. */
  timeZone: string;
  attributedBy: AttributedBy;
  /** Buckets that it states, so that a missing one means that nothing was used. */
  states: readonly QuantityName[];
  /** Buckets of ours that it does not state by themselves, and within which it has them. */
  within: Partial<Record<QuantityName, QuantityName>>;
};

/** One line of the export, made comparable. */
export type TotalsRow = {
  /** `YYYY-MM-DD` in the source's zone. */
  day: string;
  /** As the source names it; null: the line is about no model. */
  model: string | null;
  /** Null: the ordinary one, or not stated. */
  tier: string | null;
  /** `api_key:…`, `project:…`, `account:…`: with whose credentials the calls were made. */
  identities: readonly string[];
  /** Only what is stated. */
  quantities: Partial<Record<QuantityName, number>>;
  /** Money, 1e-18 of the currency; null: none is stated. */
  amount: bigint | null;
  /** The one bucket that the money is for; null: all of the line's. */
  amountOf: QuantityName | null;
  /** What the money is for where it is not for tokens: a fee, a tax, a credit. */
  item: string | null;
};

/** What one or more exports of the same provider say together. */
export type ProviderTotals = {
  facts: SourceFacts;
  rows: readonly TotalsRow[];
  /** Half of the unit that the source rounds an amount to, 1e-18; null: it states no money. */
  roundingAtto: bigint | null;
};
