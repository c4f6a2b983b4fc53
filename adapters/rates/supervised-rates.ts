/** The embedded store as a supervised process sees it: counters in its supervisor, over its channel. */
import { isRateAnswers, type RateAnswer, type RateAsk, type RateAsks } from './rate-messages.ts';
import type { RateShare, RateStore, SlotGrant } from './rates.ts';

/** To a parent process. `process` is one, if it was started with a channel. */
export type RateChannel = {
  send(message: RateAsks): void;
  onMessage(listen: (message: { type?: string }) => void): void;
};

export function processChannel(): RateChannel | null {
  if (process.send === undefined) return null;
  return {
    // A channel that has closed ends the process: nobody waits for an answer then.
    send: (message) => void (process.connected && process.send?.(message)),
    onMessage: (listen) => void process.on('message', listen),
  };
}

type Waiting = { resolve: (answer: RateAnswer['result']) => void; reject: (e: Error) => void };
type Unnumbered = RateAsk extends infer A ? (A extends RateAsk ? Omit<A, 'id'> : never) : never;

/** What is asked in one turn of the event loop goes in one message, in order. */
export function createSupervisedRates(channel: RateChannel): RateStore {
  const waiting = new Map<number, Waiting>();
  let asks: RateAsk[] = [];
  let lastId = 0;
  channel.onMessage((message) => {
    if (!isRateAnswers(message)) return;
    for (const { id, result, error } of message.answers) {
      const one = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) one?.resolve(result);
      else one?.reject(new Error(error));
    }
  });
  const flush = () => {
    const message: RateAsks = { type: 'rates', asks };
    asks = [];
    channel.send(message);
  };
  const ask = <T extends RateAnswer['result']>(question: Unnumbered): Promise<T> => {
    const id = ++lastId;
    if (asks.length === 0) queueMicrotask(flush);
    asks.push({ id, ...question } as RateAsk);
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
    });
  };
  return {
    take: (take) => ask<RateShare>({ take }),
    correct: async (correct) => void (await ask({ correct })),
    claim: (claim) => ask<SlotGrant>({ claim }),
    close: async () => undefined,
  };
}
