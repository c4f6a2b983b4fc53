/** What of an attempt that has ended may be given again: all of it, or nothing. */
import type { CacheDirectives } from '@tollgate/domain/cache/cache-directives.ts';
import type { CacheRule } from '@tollgate/domain/cache/cache-rules.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { knownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import type { CacheEntry } from './cache-entry.ts';

type Recorded = {
  rule: Pick<CacheRule, 'ttlS'>;
  directives: Pick<CacheDirectives, 'ttlS'>;
  namespace: string;
  purgesSeen: number;
};

/** @param origin digest of the provider's base URL */
export function storableEntry(
  { rule, directives, namespace, purgesSeen }: Recorded,
  { request, deployment, answer, key: owner }: AttemptFacts,
  outcome: AttemptOutcome,
  origin: string,
  bytesMax: number,
): CacheEntry | null {
  const used = knownQuantities(outcome);
  if (used === null || !isWhole(outcome)) return null;
  // A fee that no answer states: what a repetition saves is not known either.
  if (outcome.cost === null && deployment.price !== null) return null;
  const body = answer?.whole() ?? null;
  if (body === null || body.length > bytesMax) return null;
  const storedAtMs = Date.now();
  const ttlS = Math.min(rule.ttlS, directives.ttlS ?? rule.ttlS);
  // One literal: this is on the path of every such call.
  return {
    namespace,
    customerId: owner.customerId,
    model: request.model,
    purgesSeen,
    storedAtMs,
    expiresAtMs: storedAtMs + ttlS * 1000,
    provider: deployment.provider.name,
    origin,
    servedBy: deployment.model,
    modelServed: outcome.model_served,
    used,
    body,
  };
}

/** By what its event says. A client that has left takes nothing from an answer that was read to its end. */
function isWhole({ status, http_status, error_type, usage_source }: AttemptOutcome): boolean {
  if (status !== 'ok' && status !== 'client_closed') return false;
  return http_status === 200 && error_type === null && usage_source === 'provider';
}
