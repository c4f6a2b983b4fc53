/**
 * What every attempt of a call takes before it may be sent, the first as well as a later one
 * (docs/design.md, Hold, Rate limits): its shares of rate limits, a turn at its provider, and a hold
 * against each budget on its path. All of it or nothing: whatever ends an admission gives all back.
 *
 * On the path of every call: nothing is awaited where nothing has to be waited for.
 */
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { BudgetHold, HoldOutcome } from '../budget/budget-book.ts';
import { budgetsOfModel, type PathBudget } from '../budget/path-budget.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { CallDeps } from './call-deps.ts';
import { fittingOutput, holdRequests, imposedLimit } from './holds.ts';
import type { Place } from './in-flight.ts';
import { holdNearLimit, type NearLimit } from './near-limit.ts';
import { limitForRates, limitsOnPath, rateBound, takeRates } from './rates.ts';
import { type CallFacts, holdRefusal, NO_CONNECTION } from './refusal.ts';

/** A call that wants an attempt admitted. It is told one of three things, once. */
export type Applicant = {
  readonly deps: CallDeps;
  readonly facts: CallFacts & { request: CallRequest };
  readonly place: Place;
  /** It is done without rather than made smaller than the call asks for. */
  readonly isSpare?: boolean;
  /** Its client has gone, or it has no time left: nothing is sent for it. */
  isOver(): boolean;
  /** The attempt may be sent. Its rates are at the call's place. */
  onAdmitted(
    deployment: Deployment,
    limit: ImposedLimit | null,
    holds: readonly BudgetHold[],
    nowMs: number,
    /** As this provider gets it. */
    request: CallRequest,
  ): void;
  /** Nothing is taken. */
  onRefused(refusal: Refusal): void;
  /** It was over when all was taken: all is given back. */
  onOver(): void;
};

/** @param nowMs when the attempt starts: its windows and its event are of that moment */
export async function admit(call: Applicant, deployment: Deployment, nowMs: number): Promise<void> {
  const { deps, place } = call;
  const { key } = call.facts;
  const { directory, budgets } = deps;
  place.leaveRates();
  const sent = deployment.translatedTo === undefined ? null : await translated(call, deployment);
  if (sent !== null && 'code' in sent) return call.onRefused(sent);
  const request = sent ?? call.facts.request;
  const onPath = budgetsOfModel(directory.budgetsOf(key), request.model, deployment);
  const rates = limitsOnPath(directory, key, request, deployment);
  const imposed =
    imposedLimit(onPath, request, deployment) ?? limitForRates(rates, request, deployment);
  const wanted = holdRequests(onPath, request, deployment, imposed);
  if ('code' in wanted) return call.onRefused(wanted);
  place.ofCall = true;
  const { connections } = deployment.provider;
  let hasTurn = false;
  let holds: readonly BudgetHold[] = [];
  let limit = imposed;
  try {
    if (rates.length > 0) {
      const bound = rateBound(rates, request, deployment, imposed);
      const taking = takeRates(deps.rates, place, rates, request, bound);
      const refusal = taking instanceof Promise ? await taking : taking;
      if (refusal !== null) return call.onRefused(refusal);
    }
    const turn = connections.take(key.customerId);
    hasTurn = turn === true || (await turn);
    if (!hasTurn) return refuse(call, NO_CONNECTION);
    const atOnce = budgets.holdNow(wanted, nowMs);
    const first = atOnce ?? (await budgets.hold(wanted, nowMs));
    const near =
      first.kind === 'exceeded' && call.isSpare !== true
        ? await nearLimit(call, request, first, onPath, deployment, imposed, nowMs)
        : null;
    const held = near === null ? first : near.outcome;
    if (held.kind !== 'held') {
      hasTurn = false;
      connections.leave(key.customerId);
      const fitting = (left: bigint, unit: HoldUnit) =>
        fittingOutput(request, deployment, left, unit, near?.inputTokensMax);
      return refuse(call, holdRefusal(held, fitting));
    }
    holds = held.holds;
    if (near !== null) limit = near.limit;
    // What did not wait for anything is still in its window.
    const hasWaited = turn !== true || atOnce === null || near !== null;
    const renewing = hasWaited ? renewRates(call, request, rates, deployment, imposed) : null;
    const late = renewing === null ? null : await renewing;
    if (late !== null || call.isOver()) {
      // Its window, its client's patience or its time ended while it waited: nothing was sent or recorded.
      budgets.cancel(holds);
      connections.leave(key.customerId);
      [hasTurn, holds] = [false, []];
      if (late !== null) return refuse(call, late);
      place.rates?.cancel();
      return call.onOver();
    }
  } catch (error) {
    // What it took would be taken for good: nobody else knows of it.
    place.rates?.cancel();
    // seam: defect-gives-back-its-place
    place.leave();
    if (hasTurn) connections.leave(key.customerId);
    budgets.cancel(holds);
    throw error;
  }
  call.onAdmitted(deployment, limit, holds, nowMs, request);
}

/** Nothing of it is loaded for calls that go as they came. */
async function translated(
  { deps, facts }: Applicant,
  deployment: Deployment,
): Promise<CallRequest | Refusal> {
  const { translatedCall } = await import('../translate/translated-call.ts');
  return translatedCall(deps, facts, deployment);
}

/**
 * An attempt that waited may start in another window than the one in which it was counted.
 *
 * @returns null: it need not be counted again; else why it may not go on, or null
 */
export function renewRates(
  { deps, place }: Pick<Applicant, 'deps' | 'place'>,
  request: CallRequest,
  limits: readonly RateLimit[],
  deployment: Deployment,
  limit: ImposedLimit | null,
): Promise<Refusal | null> | null {
  const ticket = place.rates;
  if (limits.length === 0 || ticket === null || ticket.isCurrent()) return null;
  ticket.cancel();
  const bound = rateBound(limits, request, deployment, limit);
  return Promise.resolve(takeRates(deps.rates, place, limits, request, bound));
}

/** A budget would refuse it: whether it can be made to fit. */
function nearLimit(
  { deps, facts }: Applicant,
  request: CallRequest,
  exceeded: Extract<HoldOutcome, { kind: 'exceeded' }>,
  onPath: readonly PathBudget[],
  deployment: Deployment,
  limit: ImposedLimit | null,
  nowMs: number,
): Promise<NearLimit> {
  const { customerId } = facts.key;
  const asked = { onPath, request, deployment, limit, customerId, nowMs };
  return holdNearLimit(deps, asked, exceeded);
}

function refuse(call: Applicant, refusal: Refusal): void {
  call.place.rates?.cancel();
  call.onRefused(refusal);
}
