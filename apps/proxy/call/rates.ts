/** What a call says to the rate limits on its path, and what it is told (docs/design.md, Rate limits). */
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { RateMeasure } from '@tollgate/domain/rate-limit/rate-limit-events.ts';
import type { CallBound } from '@tollgate/domain/rate-limit/tokens.ts';
import { globMatcher } from '@tollgate/domain/routing/glob.ts';
import type { RefusedLimit } from '@tollgate/domain/usage/refused-limit.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView, LedgerView } from '../ledger-view/ledger-view.ts';
import type { RateBook, RateRefusal } from '../rates/rate-book.ts';
import { RateTicket, rateHeaders } from '../rates/rate-ticket.ts';
import type { Deployment } from '../routing/deployments.ts';
import { inputBound, limitForCall, outputBound } from './holds.ts';
import type { Place } from './in-flight.ts';
import { rateRemedy } from './remedy.ts';

const OF_OUTPUT = new Set<RateMeasure>(['output_tokens', 'total_tokens']);
const OF_TOKENS = new Set<RateMeasure>(['input_tokens', 'output_tokens', 'total_tokens']);

/**
 * Those of a key that bind a call of this model. Any of its names counts: the one that the client sent, the
 * provider's, and the one by which a route leads to it, so that neither alias nor fallback is a way around.
 */
export function limitsOfCall(
  ofKey: readonly RateLimit[],
  request: CallRequest,
  { alias, model }: Pick<Deployment, 'alias' | 'model'>,
): readonly RateLimit[] {
  const binds = ({ scope }: RateLimit) => {
    if (scope.type !== 'key_model') return true;
    const matches = globMatcher(scope.model);
    // seam: rate-limit-binds-by-any-name
    return matches(request.model) || matches(model) || matches(alias);
  };
  return ofKey.every(binds) ? ofKey : ofKey.filter(binds);
}

/** All limits that bind a call of this key and model. */
export function limitsOnPath(
  directory: LedgerView,
  key: KeyView,
  request: CallRequest,
  deployment: Deployment,
): readonly RateLimit[] {
  const ofKey = directory.rateLimitsOf(key);
  return ofKey.length === 0 ? ofKey : limitsOfCall(ofKey, request, deployment);
}

function boundsOutput(limits: readonly RateLimit[]): boolean {
  return limits.some(({ measure }) => OF_OUTPUT.has(measure));
}

/** The output limit of a call that states none, where one must be known. */
export function limitForRates(
  limits: readonly RateLimit[],
  request: CallRequest,
  deployment: Deployment,
): ImposedLimit | null {
  return limits.length > 0 && boundsOutput(limits) ? limitForCall(request, deployment) : null;
}

/** The most that one attempt can use, or why nobody knows; 0 of what no limit asks for. */
export function rateBound(
  limits: readonly RateLimit[],
  request: CallRequest,
  deployment: Deployment,
  limit: ImposedLimit | null,
): CallBound | Refusal {
  if (!limits.some(({ measure }) => OF_TOKENS.has(measure))) return NO_TOKENS;
  const input = inputBound(request, deployment);
  if (typeof input === 'string') {
    const message = `${input}, and this key has a limit of tokens.`;
    return { code: 'unbounded_request', message };
  }
  const output = outputBound(request, deployment, limit);
  if (output === null && boundsOutput(limits)) return { code: 'output_limit_required' };
  return { inputTokensMax: input.tokensMax, outputTokensMax: output ?? 0 };
}

const NO_TOKENS: CallBound = { inputTokensMax: 0, outputTokensMax: 0 };

/**
 * What an attempt takes of its rate limits, all or none; it is then at the call's place.
 *
 * @param bound of `rateBound`
 * @returns null: it may go on; a promise only where the store of rates must be asked
 */
export function takeRates(
  rates: RateBook,
  place: Place,
  limits: readonly RateLimit[],
  { endUser }: CallRequest,
  bound: CallBound | Refusal,
): Refusal | null | Promise<Refusal | null> {
  if ('code' in bound) return bound;
  const taken = rates.admit({ limits, endUser, bound });
  if (taken instanceof Promise) return taken.then((later) => keepRates(place, later));
  return keepRates(place, taken);
}

function keepRates(place: Place, taken: RateTicket | RateRefusal): Refusal | null {
  if (!(taken instanceof RateTicket)) return rateRefusal(taken, Date.now());
  place.rates = taken;
  return null;
}

/** Which limit it was, when it resets, and what to do. */
export function rateRefusal(refused: RateRefusal, nowMs: number): Refusal {
  const { kind, limit, retryMs, resetsAtMs, needed, left } = refused;
  const { scope, measure, per } = limit;
  const resets_at = resetsAtMs === null ? null : new Date(resetsAtMs).toISOString();
  const fields = {
    scope: scope.type,
    measure,
    unit: UNITS[measure],
    window: per,
    limit: String(limit.limit),
    spent: String(limit.limit - left),
    remaining: String(left),
    needed: String(needed),
    resets_at,
  };
  const refusedBy: RefusedLimit = {
    kind: 'rate_limit',
    ...{ rate_limit_id: limit.rate_limit_id, limit: fields.limit },
    ...{ remaining: fields.remaining, needed: fields.needed },
    ...(resets_at === null ? {} : { resets_at }),
    ...(retryMs === null ? {} : { retry_ms: String(Math.ceil(retryMs)) }),
  };
  const what = `${limit.limit} ${measure.replace('_', ' ')}${per === null ? '' : ` per ${per}`}`;
  const whose = WHOSE[scope.type];
  if (kind === 'unavailable') {
    const message = `The limit of ${what} of this ${whose} cannot be checked right now. Try again shortly.`;
    return { code: 'rate_limit_unavailable', message, retryMs, limit: fields, refusedBy };
  }
  const resetMs = resetsAtMs === null ? 0 : Math.max(0, resetsAtMs - nowMs);
  const state = { isOfTokens: OF_TOKENS.has(measure), limit: limit.limit, left, resetMs };
  return {
    code: 'rate_limit_exceeded',
    message: `This ${whose} may use ${what}. ${adviceOf(refused, resets_at)}`,
    retryMs,
    limit: fields,
    refusedBy,
    remedy: rateRemedy(retryMs === null, resets_at),
    ...(per === null ? {} : { headers: rateHeaders(state) }),
  };
}

function adviceOf(refused: RateRefusal, resetsAt: string | null): string {
  const { limit, retryMs, needed, left } = refused;
  if (limit.measure === 'concurrent_calls') return 'All run. Try again when one has ended.';
  if (retryMs === null) {
    return `This call needs ${needed} at its worst case, which is more than all of it: send less, or set a smaller output limit.`;
  }
  const needs =
    limit.measure === 'requests' ? '' : ` and this call needs ${needed} at its worst case`;
  return `${left} are left${needs}. The limit resets at ${resetsAt}.`;
}

const UNITS: Readonly<Record<RateMeasure, string>> = {
  requests: 'requests',
  input_tokens: 'tokens',
  output_tokens: 'tokens',
  total_tokens: 'tokens',
  concurrent_calls: 'calls',
};

const WHOSE = {
  key: 'key',
  team: 'team',
  customer: 'customer',
  end_user: 'end user',
  key_model: 'key, for this model,',
} as const;
