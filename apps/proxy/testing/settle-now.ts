/** Settling where a test does not wait for the thread that counts tokens. */
import type { TokenCounter } from '@tollgate/adapters/tokenizer/token-counter.ts';
import { estimateTokens } from '@tollgate/adapters/tokenizer/tokenizer.ts';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import { type Outcome, type Settlement, settle } from '../call/settle.ts';

export const countsAtOnce: TokenCounter = {
  count: (texts, then) => then(texts.map(estimateTokens)),
};

export function settleNow(facts: AttemptFacts, outcome: Outcome): Settlement {
  const first = settle(facts, outcome, null);
  if (!('uncounted' in first)) return first;
  const settled = settle(facts, outcome, first.uncounted.map(estimateTokens));
  if ('uncounted' in settled) throw new Error('what was counted was asked for once more');
  return settled;
}
