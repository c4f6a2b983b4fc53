/**
 * What a call does after one of its attempts (docs/design.md, Route). Pure: a decision about facts.
 *
 * No provider is changed once a byte of an answer was relayed, and nothing is tried for a client
 * that has gone.
 */

/**
 * How an attempt ended. `unsent`: the provider cannot have read the request, so nothing can be billed.
 * `closed`: a kept connection was closed as it was used again; nobody knows what was read.
 * `unauthorized`, `redirected`: the provider answered to this gateway, not to the client.
 */
export type AttemptEnding =
  | 'answered'
  | 'unsent'
  | 'broken'
  | 'closed'
  | 'timeout'
  | 'unauthorized'
  | 'redirected';

export type CallState = {
  clientGone: boolean;
  /** A byte of the answer has left for the client, or its headers have. */
  relayed: boolean;
  /** Deployments of the route that were not tried. Today a route has one deployment. */
  deploymentsLeft: number;
};

/**
 * `attempt`: the next deployment is tried, with a hold, a record and an event of its own. `answer`:
 * the client gets what this attempt came to. `nothing`: there is nobody to answer.
 */
export type NextStep = 'attempt' | 'answer' | 'nothing';

export function nextStep(ending: AttemptEnding, state: CallState): NextStep {
  if (state.clientGone) return 'nothing';
  if (ending !== 'unsent' || state.relayed || state.deploymentsLeft === 0) return 'answer';
  return 'attempt';
}
