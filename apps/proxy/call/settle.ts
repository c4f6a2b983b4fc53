/**
 * What an attempt used, what it cost, and what its budgets are charged (design §7.8, §7.10). Pure
 * but for the tokenizer.
 *
 * I8: what is not known stays null. Nothing is free: an unknown outcome is charged at the hold.
 */
import { estimateTokens } from '@tollgate/adapters/tokenizer/tokenizer.ts';
import { allocateCharge } from '@tollgate/domain/budget/grant.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { costOf } from '@tollgate/domain/pricing/cost.ts';
import { quantitiesFromOpenAiUsage } from '@tollgate/domain/usage/openai-usage.ts';
import {
  type KnownQuantities,
  noQuantities,
  toEventQuantities,
  unknownQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageSource, UsageStatus } from '@tollgate/domain/usage/usage-event.ts';
import { SHORT_TEXT_LENGTH_MAX } from '@tollgate/schemas/names/names.ts';
import type { HoldPart } from '../budget/window-account.ts';
import type { Answer } from './answer.ts';
import type { AttemptFacts, AttemptOutcome } from './attempt-event.ts';
import { chargeOf } from './charge.ts';
import type { CallRequest } from './request.ts';

export type Outcome = {
  status: UsageStatus;
  httpStatus: number | null;
  /** No byte of the request left. */
  unsent: boolean;
  /** The provider's answer ended as it should. */
  completed: boolean;
  answer: Answer | undefined;
};

export type LeaseCharge = { lease: HoldPart['lease']; amount: bigint };
export type LeaseOverrun = { stream: string; leaseId: string; attemptId: string; amount: bigint };

/** What the end of an attempt says about its usage. */
type StatedUsage = Omit<
  AttemptOutcome,
  'status' | 'http_status' | 'error_type' | 'latency_ms' | 'ttft_ms' | 'overhead_us' | 'recorded_at'
>;

export type Settlement = {
  usage: StatedUsage;
  charges: LeaseCharge[];
  overruns: LeaseOverrun[];
  /** Frees the holds; only once the charges are durable. */
  release: () => void;
};

type Usage = { quantities: KnownQuantities | null; source: UsageSource };

export function settle(facts: AttemptFacts, outcome: Outcome): Settlement {
  const usage = usageOf(facts, outcome);
  const { price } = facts.deployment;
  const cost = costOfUsage(usage, price === null ? null : price.price);
  // Only what the provider stated is charged as stated; an estimate is not a statement.
  const stated = usage.source === 'estimated' ? null : usage.quantities;
  const { quantities } = usage;
  const fields: StatedUsage = {
    ...(quantities === null ? unknownQuantities() : toEventQuantities(quantities)),
    usage_source: usage.source,
    cost: cost === null ? null : formatDecimal12(cost),
    provider_request_id: clipped(outcome.answer?.id() ?? null),
    model_served: clipped(outcome.answer?.model() ?? facts.deployment.model),
  };
  return { usage: fields, ...chargeHolds(facts, stated, cost) };
}

/** What a provider calls things is no reason to lose a charge: nothing is looked up by it. */
function clipped(name: string | null): string | null {
  return name === null ? null : name.slice(0, SHORT_TEXT_LENGTH_MAX);
}

function costOfUsage(usage: Usage, price: Parameters<typeof costOf>[0] | null): bigint | null {
  if (usage.quantities === null) return null;
  if (usage.source === 'none') return 0n;
  return price === null ? null : costOf(price, usage.quantities);
}

/** Holds are settled budget by budget; a charge falls on the hold's leases in order. */
function chargeHolds(
  facts: AttemptFacts,
  stated: KnownQuantities | null,
  cost: bigint | null,
): Omit<Settlement, 'usage'> {
  const charges: LeaseCharge[] = [];
  const overruns: LeaseOverrun[] = [];
  const releases: (() => void)[] = [];
  for (const { account, parts } of facts.holds) {
    const amounts = parts.map((part) => part.amount);
    const held = amounts.reduce((sum, amount) => sum + amount, 0n);
    // seam: unknown-outcome-is-charged
    const charge =
      stated === null || cost === null ? held : chargeOf(account.definition, stated, cost);
    const allocation = allocateCharge(amounts, charge);
    parts.forEach(({ lease }, index) => {
      charges.push({ lease, amount: allocation.charges[index] ?? 0n });
    });
    const last = parts.at(-1);
    if (allocation.overrun > 0n && last !== undefined) {
      overruns.push({
        stream: account.stream,
        leaseId: last.lease.leaseId,
        attemptId: facts.attemptId,
        amount: allocation.overrun,
      });
    }
    releases.push(() => account.release(parts, allocation.charges));
  }
  return { charges, overruns, release: () => releases.forEach((free) => free()) };
}

function usageOf(facts: AttemptFacts, outcome: Outcome): Usage {
  const { notBilledStatuses } = facts.deployment.provider;
  const refused = outcome.httpStatus !== null && notBilledStatuses.has(outcome.httpStatus);
  if (outcome.unsent || refused) return { quantities: noQuantities(), source: 'none' };
  const { answer } = outcome;
  const stated = quantitiesFromOpenAiUsage(answer?.usage() ?? null);
  // What a stream says before it breaks off may be a running total, or zeros.
  // seam: running-total-is-not-usage
  if (stated !== null && (outcome.completed || answer?.isUsageFinal() === true)) {
    return { quantities: stated, source: 'provider' };
  }
  const answered = outcome.httpStatus !== null && outcome.httpStatus < 300;
  const estimable = outcome.completed || outcome.status === 'client_closed';
  const text = answered && estimable ? answer?.outputText() : undefined;
  if (text === undefined || text === null) return { quantities: null, source: 'none' };
  return { quantities: estimate(facts.request, text), source: 'estimated' };
}

/** The provider stated nothing: count with a tokenizer, and say that it is an estimate. */
function estimate(request: CallRequest, outputText: string): KnownQuantities {
  return {
    ...noQuantities(),
    inputTokens: estimateTokens(inputText(request)),
    outputTokens: request.endpoint === 'embeddings' ? 0 : estimateTokens(outputText),
    requests: 1,
  };
}

function inputText(request: CallRequest): string {
  const member = request.scan.members.find(({ name }) => name === 'messages' || name === 'input');
  return member === undefined ? request.text : request.text.slice(member.start, member.end);
}
