/**
 * What an attempt used, what it cost, and what its budgets are charged (docs/design.md, Settle,
 * Unknown outcomes). Pure: what must be counted for an estimate is counted by the caller.
 *
 * I8: what is not known stays null. Nothing is free: an unknown outcome is charged at the hold, or at
 * what a whole answer proves to be the most (I3).
 */
import type { Charge } from '@tollgate/adapters/journal/journal-writes.ts';
import {
  chargeAmount,
  chargeHold,
  type StatedUsage,
  worstCase,
} from '@tollgate/domain/budget/amounts.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import {
  type CompiledPrice,
  isPriced,
  pricesImages,
  pricesReasoning,
  pricesTokens,
} from '@tollgate/domain/pricing/compile.ts';
import { type CostBound, costOf } from '@tollgate/domain/pricing/cost.ts';
import { cheaperServiceTiers, pricedUnits } from '@tollgate/domain/pricing/price.ts';
import { priceAtTier, priceOfPicture } from '@tollgate/domain/pricing/price-list.ts';
import type { AttemptOutcome, AttemptStart } from '@tollgate/domain/usage/event/attempt-event.ts';
import {
  type KnownQuantities,
  noQuantities,
  toEventQuantities,
  unknownQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageSource, UsageStatus } from '@tollgate/domain/usage/usage-event.ts';
import { SHORT_TEXT_LENGTH_MAX } from '@tollgate/schemas/names/names.ts';
import type { BudgetHold } from '../budget/budget-book.ts';
import { type HoldPart, releasePart } from '../budget/local-lease.ts';
import type { Answer, CallRequest } from '../dialects/dialect.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import { gatewayFault } from './gateway-fault.ts';
import { hasUnstatedFee } from './holds.ts';

export type Outcome = {
  status: UsageStatus;
  httpStatus: number | null;
  /** The provider cannot have read the request. */
  unsent: boolean;
  /** The provider's answer ended as it should. */
  completed: boolean;
  /** It was read on without a client, and did not end within the bound of that. */
  givenUp?: boolean;
  answer: Answer | undefined;
};

export type LeaseOverrun = { stream: string; leaseId: string; attemptId: string; amount: bigint };

/** What the end of an attempt says about its usage. */
type EventUsage = Omit<
  AttemptOutcome,
  'status' | 'http_status' | 'error_type' | 'latency_ms' | 'ttft_ms' | 'overhead_us' | 'recorded_at'
>;

export type Settlement = {
  usage: EventUsage;
  /** Pico-dollars; null: unknown. */
  cost: bigint | null;
  /** Why nobody knows what was used, as a code; null: it is known, or the status says why. */
  note: string | null;
  /** Lease by lease, in the order of the holds. */
  charges: Charge[];
  overruns: LeaseOverrun[];
  /** What the event has as its holds, if that is not what was reserved. */
  proven: AttemptStart['holds'] | null;
  /** Frees the holds; only once the charges are durable. */
  release: () => void;
};

/** Texts whose tokens are needed before the attempt can be settled: its input and its output. */
export type Uncounted = { readonly uncounted: readonly string[] };

type Charged = Pick<Settlement, 'charges' | 'overruns' | 'proven' | 'release'>;

type Usage = {
  quantities: KnownQuantities | null;
  source: UsageSource;
  /** Of usage that is not known. */
  note: string | null;
};

/** @param counted the tokens of each text that was `uncounted`; null at first */
export function settle(
  facts: AttemptFacts,
  outcome: Outcome,
  counted: readonly number[] | null,
): Settlement | Uncounted {
  const usage = usageOf(facts, outcome, counted);
  if ('uncounted' in usage) return usage;
  const { quantities, source } = usage;
  const lacks = source === 'none' ? null : lackOf(facts, outcome.answer);
  const cost = lacks === null ? costOfUsage(usage, tierPrice(facts, outcome.answer)) : null;
  const fields: EventUsage = {
    ...(quantities === null ? unknownQuantities() : toEventQuantities(quantities)),
    usage_source: usage.source,
    cost: cost === null ? null : formatDecimal12(cost),
    provider_request_id: clipped(outcome.answer?.id() ?? null),
    model_served: clipped(outcome.answer?.model() ?? facts.deployment.model),
  };
  const stated = statedUsage(usage, cost);
  const bound = stated === null ? provenBound(facts, outcome) : null;
  return { usage: fields, cost, note: lacks ?? usage.note, ...chargeHolds(facts, stated, bound) };
}

/** What a provider calls things is no reason to lose a charge: nothing is looked up by it. */
function clipped(name: string | null): string | null {
  return name === null ? null : name.slice(0, SHORT_TEXT_LENGTH_MAX);
}

/** At the tier that it was served at; null: the list has no price for that. */
function tierPrice(
  { request, deployment }: AttemptFacts,
  answer: Answer | undefined,
): CompiledPrice | null {
  const { price } = deployment;
  if (price === null) return null;
  const asked = request.measure?.picture;
  if (asked === undefined || pricesTokens(price.price)) {
    return priceAtTier(price, tierOf(request, answer));
  }
  // What was drawn may be another quality than what was asked for: `auto` is any.
  return priceOfPicture(price, answer?.picture?.() ?? asked);
}

/** What the answer says, else what was asked for: who asks for a cheaper tier may not have got it. */
export function tierOf(
  { serviceTier }: Pick<CallRequest, 'serviceTier'>,
  answer: Answer | undefined,
): string | null {
  const asked = serviceTier === undefined || cheaperServiceTiers.has(serviceTier);
  return answer?.serviceTier?.() ?? (asked ? null : serviceTier);
}

/** Why nobody knows what an attempt cost, whatever its usage says; null: nothing is in the way. */
function lackOf({ request, deployment }: AttemptFacts, answer: Answer | undefined): string | null {
  // seam: unstated-fee-is-no-cost
  if (answer?.states?.searches !== true && hasUnstatedFee(request, deployment)) {
    return 'fee_unstated';
  }
  const unpriced = answer?.unpricedBy?.() ?? null;
  if (unpriced !== null || deployment.price === null) return unpriced;
  const { price } = deployment.price;
  // seam: pictures-are-not-priced-as-text
  if (pricesImages(price) && answer?.states?.imageTokens !== true) return 'image_tokens_unstated';
  return priceAtTier(deployment.price, tierOf(request, answer)) === null
    ? 'service_tier_unpriced'
    : null;
}

function costOfUsage(usage: Usage, price: Parameters<typeof costOf>[0] | null): bigint | null {
  if (usage.quantities === null) return null;
  if (usage.source === 'none') return 0n;
  return price === null ? null : costOf(price, usage.quantities);
}

/** Only what the provider stated is charged as stated; an estimate is not a statement. */
function statedUsage({ quantities, source }: Usage, cost: bigint | null): StatedUsage | null {
  return quantities === null || source === 'estimated' ? null : { cost, quantities };
}

/**
 * The most that an attempt can be billed whose answer came whole and says nothing of usage; null: its
 * hold is the only bound there is. Of the input that bound is the hold's own.
 */
function provenBound(facts: AttemptFacts, outcome: Outcome): CostBound | null {
  const { request, deployment, holds } = facts;
  const { httpStatus, completed, answer } = outcome;
  if (holds.length === 0 || answer === undefined || !completed) return null;
  if (httpStatus === null || httpStatus >= 300 || mayHideOutput(deployment)) return null;
  // The list's price bounds nothing at another tier.
  if (hasUnstatedFee(request, deployment) || request.serviceTier !== undefined) return null;
  const outputTokensMax = answer.outputTokensMax();
  if (outputTokensMax === null) return null;
  return { inputTokensMax: request.inputTokensMax, outputTokensMax, requestsMax: 1 };
}

/** A price for reasoning says that there may be some, whatever the configuration promises. */
function mayHideOutput({ hidesOutput, price }: AttemptFacts['deployment']): boolean {
  // seam: hidden-output-has-no-bound
  return hidesOutput || (price !== null && pricesReasoning(price.price));
}

/**
 * Holds are settled budget by budget; a charge falls on the hold's leases in order. What a bound proves
 * is recorded as if no more had been held: so everybody who reads the event later (resolver, audit,
 * views) finds what the leases were charged.
 */
function chargeHolds(
  facts: AttemptFacts,
  stated: StatedUsage | null,
  bound: CostBound | null,
): Charged {
  const { holds, attemptId } = facts;
  const charges: Charge[] = [];
  const overruns: LeaseOverrun[] = [];
  const price = facts.deployment.price?.price ?? null;
  for (const { account, unit, parts } of holds) {
    const most = bound === null ? null : worstCase(unit, bound, price);
    const overrun = chargeParts(unit, parts, stated, most, charges);
    const last = parts.at(-1);
    if (overrun > 0n && last !== undefined) {
      const { leaseId } = last.lease;
      overruns.push({ stream: account.stream, leaseId, attemptId, amount: overrun });
    }
  }
  return {
    charges,
    overruns,
    // seam: event-has-what-was-charged
    proven: bound === null ? null : provenHolds(holds, charges),
    release: () => releaseAll(holds, charges),
  };
}

/** @param charges gets one for each part, in order. @returns what is charged above the hold */
function chargeParts(
  unit: HoldUnit,
  parts: readonly HoldPart[],
  stated: StatedUsage | null,
  most: bigint | null,
  charges: Charge[],
): bigint {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    // What nearly every hold is: of one slice, on which all of the charge falls.
    const charge = chargeAmount(unit, only.amount, stated, most);
    charges.push({ leaseId: only.lease.leaseId, amount: charge });
    return charge > only.amount ? charge - only.amount : 0n;
  }
  const ofHold = chargeHold(unit, parts.map(amountOf), stated, most);
  for (let index = 0; index < parts.length; index++) {
    const { lease } = parts[index] as HoldPart;
    charges.push({ leaseId: lease.leaseId, amount: ofHold.charges[index] ?? 0n });
  }
  return ofHold.overrun;
}

const amountOf = ({ amount }: HoldPart) => amount;

/** The holds, as if each had been what it was charged. @param charges part by part, as of `releaseAll` */
function provenHolds(
  holds: readonly BudgetHold[],
  charges: readonly Charge[],
): AttemptStart['holds'] {
  let at = 0;
  return holds.map(({ account, unit, parts }) => ({
    account,
    unit,
    parts: parts.map(({ lease }) => ({ lease, amount: charges[at++]?.amount ?? 0n })),
  }));
}

/** @param charges one for each part of each hold, in order */
function releaseAll(holds: readonly BudgetHold[], charges: readonly Charge[]): void {
  if (holds.length === 0) return;
  const atMs = performance.now();
  let at = 0;
  for (const { parts } of holds) {
    for (const part of parts) releasePart(part, charges[at++]?.amount ?? 0n, atMs);
  }
}

function usageOf(
  facts: AttemptFacts,
  outcome: Outcome,
  counted: readonly number[] | null,
): Usage | Uncounted {
  const { httpStatus, answer } = outcome;
  const stated = answer?.quantities() ?? fixedUse(facts, outcome);
  const note = answer?.usageNote() ?? null;
  if (isUnbilled(facts, outcome, stated !== null || note !== null)) {
    return { quantities: noQuantities(), source: 'none', note: null };
  }
  // seam: what-says-nothing-of-tokens-is-no-usage-of-tokens
  if (stated !== null && answer?.states?.tokens === false && mayCostTokens(facts)) {
    return unknown('usage_missing');
  }
  // seam: usage-states-what-its-model-is-sold-by
  if (stated !== null && lacksMeasure(facts, stated)) {
    return measured(facts) ?? unknown('usage_missing');
  }
  // What a stream says before it breaks off may be a running total, or zeros.
  // seam: running-total-is-not-usage
  if (stated !== null && (outcome.completed || answer?.isUsageFinal() === true)) {
    return { quantities: stated, source: 'provider', note: null };
  }
  if (answer === undefined || httpStatus === null || httpStatus >= 300) return unknown(null);
  if (stated !== null) return unknown('usage_not_final');
  // An estimate would be below what was said; one of an error would be a bill for nothing.
  if (note !== null || answer.fault() !== null) return unknown(note);
  // What was given up went on: an estimate of what was seen would be below what is billed.
  const isCut = outcome.status === 'client_closed' && outcome.givenUp !== true;
  if (!outcome.completed && !isCut) return unknown(null);
  return measured(facts) ?? estimated(facts.request, answer, counted);
}

/** Its model is sold by the token, or nobody knows by what. */
function mayCostTokens({ deployment: { price } }: AttemptFacts): boolean {
  return price === null || pricesTokens(price.price);
}

/** Of an answer that was served, and whose use is the same whatever it says. */
function fixedUse({ request }: AttemptFacts, { httpStatus }: Outcome): KnownQuantities | null {
  const use = request.fixedUse;
  // seam: fixed-use-is-of-what-was-served
  return use === undefined || httpStatus === null || httpStatus >= 300 ? null : use;
}

/**
 * A refusal needs no more than its status. An answer about the provider's own trouble must have
 * arrived whole and say nothing of usage: then it is the provider's word that the request was not served.
 */
function isUnbilled(facts: AttemptFacts, outcome: Outcome, saysUsage: boolean): boolean {
  const { unsent, httpStatus, completed } = outcome;
  if (unsent || gatewayFault(httpStatus) !== null) return true;
  if (httpStatus === null || !facts.deployment.provider.notBilledStatuses.has(httpStatus)) {
    return false;
  }
  return httpStatus < 500 || (completed && !saysUsage);
}

/**
 * What is sold by the character of its text is billed for all of it, however much of the answer came. The
 * provider has not said so: it is an estimate. null: it is sold by something else.
 */
function measured({ request: { measure }, deployment: { price } }: AttemptFacts): Usage | null {
  if (measure?.unit !== 'character' || measure.max === null || price === null) return null;
  if (!isPriced(price.price, 'character') || pricesTokens(price.price)) return null;
  const quantities = { ...noQuantities(), characters: measure.max, requests: 1 };
  return { quantities, source: 'estimated', note: null };
}

/** Its model is sold by the picture, the second or the character, and nothing is said of that. */
function lacksMeasure(
  { request: { measure }, deployment: { price } }: AttemptFacts,
  stated: KnownQuantities,
): boolean {
  if (measure === undefined || measure.unit === 'request' || price === null) return false;
  return isPriced(price.price, measure.unit) && stated[pricedUnits[measure.unit].field] === 0;
}

function unknown(note: string | null): Usage {
  return { quantities: null, source: 'none', note };
}

/**
 * The provider stated nothing: count with a tokenizer, and say that it is an estimate. Only what was
 * read whole is counted, and there is none without anything to see of what was generated.
 */
function estimated(
  request: CallRequest,
  answer: Answer,
  counted: readonly number[] | null,
): Usage | Uncounted {
  const generates = request.outputTokensMax !== 0;
  const text = generates ? answer.outputText() : '';
  if (text === null) return unknown('output_unread');
  const input = request.input();
  if (input === null) return unknown('input_unread');
  if (counted === null) return { uncounted: [input.text, text] };
  const [ofInput, outputTokens] = counted as readonly [number, number];
  const inputTokens = input.ids + ofInput;
  if (inputTokens === 0 || (generates && outputTokens === 0)) return unknown('usage_missing');
  const quantities = { ...noQuantities(), inputTokens, outputTokens, requests: 1 };
  return { quantities, source: 'estimated', note: null };
}
