/**
 * Answers that are about this gateway and not about the client's request: the provider does not take
 * our key or our account, or is at another address. The client gets an error of ours, without the
 * provider's text, which may show part of our key (I12). Nothing was generated, so nothing is billed.
 */
import type { AttemptEnding } from '@tollgate/domain/routing/next-step.ts';

export type GatewayFault = Extract<AttemptEnding, 'unauthorized' | 'redirected'>;

/** RFC 9110 §15.5: our credentials, our balance, our rights, and those for a proxy on the way. */
const UNAUTHORIZED = new Set([401, 402, 403, 407]);

/** Some providers refuse what a request says with the status for an account without rights. */
const MAY_BE_FLAGGED = 403;

/** Whether what comes with this status is read, to learn whom it is about; its text is for us alone. */
export function mayBeFlagged(status: number): boolean {
  return status === MAY_BE_FLAGGED;
}

export function gatewayFault(status: number | null): GatewayFault | null {
  if (status === null || status < 300) return null;
  if (status < 400) return 'redirected';
  return UNAUTHORIZED.has(status) ? 'unauthorized' : null;
}
