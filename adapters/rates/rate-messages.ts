/** What a proxy and its supervisor say to each other about rates, over the channel of the child. */
import type { RateCounters } from './rate-counters.ts';
import type { RateCorrection, RateShare, RateTake, SlotClaim, SlotGrant } from './rates.ts';

export type RateAsk =
  | { id: number; take: RateTake }
  | { id: number; correct: RateCorrection }
  | { id: number; claim: SlotClaim };

export type RateAnswer = { id: number; result: RateShare | SlotGrant | null; error?: string };

export type RateAsks = { type: 'rates'; asks: readonly RateAsk[] };
export type RateAnswers = { type: 'rates'; answers: readonly RateAnswer[] };

export function isRateAnswers(message: { type?: string }): message is RateAnswers {
  return message.type === 'rates' && 'answers' in message;
}

/** The supervisor's side. */
export function answerRates(counters: RateCounters, { asks }: RateAsks): RateAnswers {
  return { type: 'rates', answers: asks.map((ask) => answerTo(counters, ask)) };
}

function answerTo(counters: RateCounters, ask: RateAsk): RateAnswer {
  const { id } = ask;
  try {
    if ('take' in ask) return { id, result: counters.take(ask.take) };
    if ('claim' in ask) return { id, result: counters.claim(ask.claim) };
    counters.correct(ask.correct);
    return { id, result: null };
  } catch (error) {
    return { id, result: null, error: (error as Error).message };
  }
}
