/**
 * Who asks a webhook next. A process has so many questions, and a webhook so many sockets; a customer
 * whose webhook is slow, or who asks more than a webhook answers, takes neither of them from the others.
 * What waits for a socket waits here, customer by customer in turn: a pool would serve the first who came.
 */
import type { ProxyLimits } from '../limits.ts';
import { FairGate } from '../routing/fair-gate.ts';

export type TurnLimits = Pick<ProxyLimits, 'guardrailQuestionsMax' | 'guardrailConnectionsMax'>;

/** What a question that got no turn says of itself. */
export const BUSY = { kind: 'none', error: 'busy' } as const;

export class WebhookTurns {
  readonly #limits: TurnLimits;
  readonly #questions: FairGate;
  /** By origin: a pool of sockets each. Origins are those of the configuration. */
  readonly #sockets = new Map<string, FairGate>();

  constructor(limits: TurnLimits) {
    this.#limits = limits;
    this.#questions = new FairGate(limits.guardrailQuestionsMax, 0);
  }

  /**
   * Asks when there is a turn.
   *
   * @param timeoutMs of the question, from now on
   * @param ask is told how much of it is left
   * @returns what was said, or `BUSY`: there was no turn in time
   */
  async ask<T>(
    { url, timeoutMs }: { url: string; timeoutMs: number },
    customerId: string,
    ask: (leftMs: number) => Promise<T>,
  ): Promise<T | typeof BUSY> {
    // seam: questions-are-of-a-customer
    if (!this.#questions.enters(customerId)) return BUSY;
    try {
      return await this.#onSocket(this.#socketsOf(url), customerId, timeoutMs, ask);
    } finally {
      this.#questions.leave(customerId);
    }
  }

  async #onSocket<T>(
    sockets: FairGate,
    customerId: string,
    timeoutMs: number,
    ask: (leftMs: number) => Promise<T>,
  ): Promise<T | typeof BUSY> {
    const sinceMs = performance.now();
    // seam: sockets-are-of-a-customer
    const turn = sockets.take(customerId, timeoutMs);
    if (turn !== true && !(await turn)) return BUSY;
    try {
      const waitedMs = turn === true ? 0 : Math.ceil(performance.now() - sinceMs);
      // seam: waiting-is-within-the-time
      const leftMs = timeoutMs - waitedMs;
      return leftMs < 1 ? BUSY : await ask(leftMs);
    } finally {
      sockets.leave(customerId);
    }
  }

  #socketsOf(url: string): FairGate {
    const { origin } = new URL(url);
    let gate = this.#sockets.get(origin);
    if (gate === undefined) {
      gate = new FairGate(this.#limits.guardrailConnectionsMax, 0);
      this.#sockets.set(origin, gate);
    }
    return gate;
  }
}
