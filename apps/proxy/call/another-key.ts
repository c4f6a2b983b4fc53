/** Whether a request that a provider refused to one of its keys is sent again with another one. */
import { isOfKey, type KeyAnswer } from '../routing/key-ring.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import { gatewayFault } from './gateway-fault.ts';

/**
 * Only what cannot have been billed, and with each key at most once.
 *
 * @param facts of the attempt; undefined: there was none
 * @param retries with other keys that its call has had at this provider
 */
export function mayUseAnotherKey(
  facts: Pick<AttemptFacts, 'providerKey' | 'deployment'> | undefined,
  answer: Omit<KeyAnswer, 'retryAfterMs'>,
  retries: number,
): boolean {
  if (facts?.providerKey === undefined || !isOfKey(answer)) return false;
  const { keys, notBilledStatuses } = facts.deployment.provider;
  const { status } = answer;
  // seam: another-key-for-what-is-not-billed
  const isFree = gatewayFault(status) !== null || notBilledStatuses.has(status ?? 0);
  if (!isFree || retries + 1 >= (keys?.size ?? 0)) return false;
  return facts.providerKey.hasOther(performance.now());
}
