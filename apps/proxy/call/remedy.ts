/**
 * What the caller can do about a refusal, for people and for programs: a sentence, and an action with
 * what it takes (docs/design.md, Refusals).
 */

export type Remedy = {
  action:
    | 'wait'
    | 'lower_output_limit'
    | 'send_less'
    | 'use_another_model'
    | 'change_request'
    | 'ask_operator';
  /** One or two short sentences that say all of it. */
  text: string;
  /** The largest output limit, per answer, that would be let through now. */
  output_limit?: number;
  /** From when on the same request may pass, RFC 3339. */
  retry_at?: string;
};

const ASK = 'ask your operator to raise the limit';

/**
 * @param fitting the largest output limit that the budget can pay for; null: none
 * @param isAboveLimit a whole window could not pay for the call
 * @param resetsAt null: never
 */
export function budgetRemedy(
  fitting: number | null,
  isAboveLimit: boolean,
  resetsAt: string | null,
): Remedy {
  const waits = isAboveLimit ? null : resetsAt;
  const retry = waits === null ? {} : { retry_at: waits };
  if (fitting !== null) {
    const text = `Set an output limit of at most ${fitting} tokens, or ${ASK}.`;
    return { action: 'lower_output_limit', text, output_limit: fitting, ...retry };
  }
  if (waits !== null) return { action: 'wait', text: `Wait until ${waits}, or ${ASK}.`, ...retry };
  const text = isAboveLimit ? `Send less, or ${ASK}.` : `${ASK.replace('a', 'A')}.`;
  return { action: isAboveLimit ? 'send_less' : 'ask_operator', text };
}

/** @param resetsAt null: it is free again when another call ends */
export function rateRemedy(isForGood: boolean, resetsAt: string | null): Remedy {
  if (isForGood) {
    const text = `Send less, set a smaller output limit, or ${ASK}.`;
    return { action: 'send_less', text };
  }
  if (resetsAt === null) return { action: 'wait', text: 'Try again when a call has ended.' };
  return { action: 'wait', text: `Try again at ${resetsAt}.`, retry_at: resetsAt };
}
