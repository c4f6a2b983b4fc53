/** Where a supervisor answers its children about rates. A child that has ended has no slots. */
import type { RateCounters } from './rate-counters.ts';
import { answerRates, type RateAnswers, type RateAsks } from './rate-messages.ts';

/** Of one process. */
export type RateSeat = {
  hear(message: RateAsks, answer: (message: RateAnswers) => void): void;
  /** The process has ended. */
  leave(): void;
};

export function rateSeat(counters: RateCounters): RateSeat {
  const owners = new Set<string>();
  return {
    hear(message, answer) {
      for (const ask of message.asks) if ('claim' in ask) owners.add(ask.claim.owner);
      answer(answerRates(counters, message));
    },
    leave() {
      // seam: dead-proxy-leaves-its-slots
      for (const owner of owners) counters.left(owner);
    },
  };
}
