/**
 * Streams of a budget (docs/design.md, Budgets: leases): its definition (`budget_definition-<id>`)
 * and one stream per window (`budget-<id>@<YYYYMMDDTHHMMSSZ>`), the event-sourced account whose
 * compare-and-append is the only coordination between proxies. Amounts are decimal strings with 12
 * places in the budget's unit.
 */

import { streamCategory } from '../stream/stream-category.ts';

export const budgetDefinitionStreams = streamCategory('budget_definition');
/** The id is `<budget>@<start of the window>`, with an end user in between: see `windowStream`. */
export const budgetWindowStreams = streamCategory('budget');

export type BudgetUnit = 'usd' | 'tokens' | 'requests';
export type BudgetWindow = 'hour' | 'day' | 'week' | 'month' | 'total';
/** Which tokens a budget of tokens counts. */
export type CountedTokens = 'total' | 'input' | 'output';
export type BudgetEnforcement = 'hard' | 'soft';
/**
 * Of a call that it cannot pay for. `clamp`: the call gets as small an output limit as it can pay for.
 */
export type OnExceeded = 'refuse' | 'clamp';
/** `cost`: at the provider's price. `billed`: cost × the customer's mark-up, rounded up. */
export type BudgetBasis = 'cost' | 'billed';
export type BudgetScope =
  | { type: 'key'; id: string }
  | { type: 'team'; id: string }
  | { type: 'customer'; id: string }
  | { type: 'installation'; id: 'installation' };

export type BudgetDefined = {
  type: 'BudgetDefined';
  data: {
    budget_id: string;
    scope: BudgetScope;
    unit: BudgetUnit;
    window: BudgetWindow;
    limit: string;
    enforcement: BudgetEnforcement;
    basis: BudgetBasis;
    time_zone: string;
    /** `YYYY-MM-DD` from which weeks or months are counted; absent or null: the calendar's. */
    anchor?: string | null;
    /** Models that it limits, `*` for any text; absent or null: all. */
    model?: string | null;
    /** Of a budget of tokens; absent: total. */
    counts?: CountedTokens;
    /** Of a budget of tokens: whether tokens read from a cache count; absent: they do. */
    cache_reads?: boolean;
    /** Absent: refuse. */
    on_exceeded?: OnExceeded;
    /** No output limit that it sets is smaller, per answer; absent: 1. */
    clamp_min_output_tokens?: number;
    /** Percent of the limit at which alarms are raised; absent: `THRESHOLDS_DEFAULT`. */
    thresholds?: number[];
    /** A template: each end user of the scope has a budget like this one. Absent or null: none. */
    per?: 'end_user' | null;
  };
};

export type BudgetLimitChanged = {
  type: 'BudgetLimitChanged';
  data: { budget_id: string; limit: string };
};

export type BudgetThresholdsChanged = {
  type: 'BudgetThresholdsChanged';
  data: { budget_id: string; thresholds: number[] };
};

/** What is named changes. A budget that refuses has no smallest output limit. */
export type BudgetOnExceededChanged = {
  type: 'BudgetOnExceededChanged';
  data: { budget_id: string; on_exceeded?: OnExceeded; clamp_min_output_tokens?: number };
};

export type BudgetArchived = { type: 'BudgetArchived'; data: { budget_id: string } };

export type BudgetRestored = { type: 'BudgetRestored'; data: { budget_id: string } };

/** More prepaid credit, of a budget whose window is `total`. */
export type BudgetToppedUp = {
  type: 'BudgetToppedUp';
  data: {
    budget_id: string;
    top_up_id: string;
    amount: string;
    /** What is left of it then is gone; null: never. */
    expires_at: string | null;
  };
};

/** Added to the limit of every window until an instant. */
export type BudgetRaised = {
  type: 'BudgetRaised';
  data: { budget_id: string; raise_id: string; amount: string; until: string };
};

/** Before its time. */
export type BudgetRaiseEnded = {
  type: 'BudgetRaiseEnded';
  data: { budget_id: string; raise_id: string };
};

export type BudgetDefinitionEvent =
  | BudgetDefined
  | BudgetLimitChanged
  | BudgetThresholdsChanged
  | BudgetOnExceededChanged
  | BudgetArchived
  | BudgetRestored
  | BudgetToppedUp
  | BudgetRaised
  | BudgetRaiseEnded;

/** What a window learns of its budget's definition. */
export type LimitFacts = {
  /** With the raises in force, without credit that ends. */
  limit: string;
  /** Revision of the definition stream at which the limit was read, as text. */
  definition_revision: string;
  /** Raises that ended by then are not in the limit; absent: none had ended. */
  as_of?: string;
  /** Credit that ends, and that the window did not know of; absent: none. */
  credit?: { top_up_id: string; amount: string; expires_at: string }[];
};

/** Always the first event of a window. `window_end` is null for the window `total`. */
export type WindowOpened = {
  type: 'WindowOpened';
  data: LimitFacts & {
    budget_id: string;
    window_start: string;
    window_end: string | null;
  };
};

export type LeaseGranted = {
  type: 'LeaseGranted';
  data: { lease_id: string; instance_id: string; amount: string };
};

/** `spent` may be above the lease's amount: then the stream has an `Overrun` too. */
export type LeaseSettled = { type: 'LeaseSettled'; data: { lease_id: string; spent: string } };

/**
 * The slice is so large from now on: what no call used of it goes back while others of its calls run.
 * `amount` is never below what those hold and what was charged.
 */
export type LeaseReduced = { type: 'LeaseReduced'; data: { lease_id: string; amount: string } };

/** A resolved attempt: what it really used minus what the lease was charged for it. */
export type LeaseAdjusted = {
  type: 'LeaseAdjusted';
  data: { lease_id: string; attempt_id: string; delta: string };
};

export type LimitChanged = { type: 'LimitChanged'; data: LimitFacts };

/** What was left of a top-up at its end is no credit any more; what was spent or held of it is. */
export type CreditExpired = { type: 'CreditExpired'; data: { top_up_id: string; unused: string } };

export type LeaseRecallRequested = {
  type: 'LeaseRecallRequested';
  data: { instance_id: string; amount: string };
};

/** The provider billed more than the stated bound: counted at once, and reported. */
export type Overrun = {
  type: 'Overrun';
  data: { lease_id: string; attempt_id: string; amount: string };
};

/** An operator's decision about a journal that is lost for good. */
export type LeaseWrittenOff = {
  type: 'LeaseWrittenOff';
  data: { lease_id: string; spent: string; reason: string };
};

export type BudgetWindowEvent =
  | WindowOpened
  | LeaseGranted
  | LeaseReduced
  | LeaseSettled
  | LeaseAdjusted
  | LimitChanged
  | CreditExpired
  | LeaseRecallRequested
  | Overrun
  | LeaseWrittenOff;
