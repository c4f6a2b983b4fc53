/**
 * A call that states an `Idempotency-Key` (docs/design.md, Idempotency keys): it goes on if it is the first
 * under its key, and is answered from the record of that one otherwise. Nothing of it is read, judged,
 * held or sent before that is known.
 */

import type { IdempotentCalls } from '../idempotency/idempotent-calls.ts';
import { Recording } from '../idempotency/recording.ts';
import { replay } from '../idempotency/replay.ts';
import type { CallDeps } from './call-deps.ts';
import { endUserOfHead } from './end-user.ts';
import type { UnreadCall } from './guarded-call.ts';
import { refuseCall } from './refusal.ts';

/** @param go takes the call, which is the first */
export async function idempotentCall(
  deps: CallDeps,
  calls: IdempotentCalls,
  stated: string,
  body: Buffer,
  { facts, headers, place, reply }: UnreadCall,
  go: () => Promise<void> | void,
): Promise<void> {
  const { endpoint, target, key, callId } = facts;
  const endUser = endUserOfHead(headers);
  const begun = await calls.begin(stated, { endpoint, target, key, callId, endUser, body });
  if (begun instanceof Recording) {
    if (reply.raw.destroyed) {
      // Its client has left, and so has the call.
      begun.end();
      return place.leave();
    }
    facts.recording = begun;
    place.recording = begun;
    return go();
  }
  if ('code' in begun) {
    place.leave();
    return refuseCall(deps, reply, begun, facts);
  }
  replay(reply, begun, deps.limits.clientStallTimeoutMs, () => place.leave());
  deps.accessLog?.add(facts, deps.instanceId, {
    ...{ deployment: null, outcome: null, refusal: null, attempts: 0, replayed: true },
    ...{ httpStatus: begun.status, responseBytes: begun.body.length },
  });
}
