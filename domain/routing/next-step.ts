/**
 * What a call does after one of its attempts (docs/design.md, Route). Pure: a decision about facts.
 *
 * Of a call with a route, `failure.ts` says which attempt that is. No provider is changed once a byte of an answer was relayed, and nothing is tried for a client
 * that has gone.
 */

/**
 * How an attempt ended. `unsent`: the provider cannot have read the request, so nothing can be billed.
 * `closed`: a kept connection was closed as it was used again; nobody knows what was read.
 * `unauthorized`, `redirected`: the provider answered to this gateway, not to the client. `flagged`: its
 * content policy refuses the request, with a status that else is about this gateway.
 */
export type AttemptEnding =
  | 'answered'
  | 'unsent'
  | 'broken'
  | 'closed'
  | 'timeout'
  | 'unauthorized'
  | 'redirected'
  | 'flagged';

export type CallState = {
  clientGone: boolean;
  /** A byte of the answer has left for the client, or its headers have. */
  relayed: boolean;
  /** Deployments that were not tried. */
  deploymentsLeft: number;
  /** Whether its route has another attempt for it (`failure.ts`); absent: the call has no route. */
  another?: boolean;
};

/**
 * `attempt`: the next deployment is tried, with a hold, a record and an event of its own. `answer`:
 * the client gets what this attempt came to. `nothing`: there is nobody to answer.
 */
export type NextStep = 'attempt' | 'answer' | 'nothing';

export function nextStep(ending: AttemptEnding, state: CallState): NextStep {
  if (state.clientGone) return 'nothing';
  // seam: no-attempt-after-a-relayed-byte
  if (state.relayed) return 'answer';
  // Without a route that says otherwise, only what cannot have been billed is sent again.
  const another = state.another ?? (ending === 'unsent' && state.deploymentsLeft > 0);
  return another ? 'attempt' : 'answer';
}
