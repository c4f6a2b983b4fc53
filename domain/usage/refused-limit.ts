/**
 * Which limit refused a call, and what the proxy saw of it: the member `refusal` of the refusal's usage
 * event. Texts alone, so that another kind of limit needs no other column; its readers take what they
 * know and leave the rest.
 */

/** A budget that could not pay. Amounts have 12 decimal places, in the budget's unit. */
export type RefusedBudget = {
  kind: 'budget';
  budget_id: string;
  /** Ledger stream of the window. */
  window: string;
  /** Up to which event of that stream the proxy had read; empty: the stream had none. */
  revision: string;
  /** How the call would have counted (`hold-unit.ts`). */
  unit: string;
  limit: string;
  /** Spent, or held for calls; what this proxy held for no call is not in it. */
  spent: string;
  /** The call's worst case. */
  needed: string;
  /** The output limit that would have fitted, in tokens per answer; absent: none. */
  fits?: string;
};

/** A rate limit that had less left. Counts are whole numbers. */
export type RefusedRate = {
  kind: 'rate_limit';
  rate_limit_id: string;
  limit: string;
  remaining: string;
  needed: string;
  /** RFC 3339; absent: it has no window. */
  resets_at?: string;
  /** How long the client was told to wait, ms; absent: the call can never be served. */
  retry_ms?: string;
};

/** A guardrail that blocked the request. */
export type RefusedByGuardrail = {
  kind: 'guardrail';
  guardrail: string;
  /** Name of the pattern, or `webhook`, `require`, `caps`, `unavailable`. */
  rule: string;
};

export type RefusedLimit = RefusedBudget | RefusedRate | RefusedByGuardrail;
