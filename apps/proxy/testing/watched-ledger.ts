/** A book's ledger that notes what it is asked, and answers late, wrongly or not at all as told. */
import type { Ledger, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';

export class WatchedLedger {
  /**
   * `append WindowOpened LeaseGranted`, `read window 2`: what was asked, and from which revision;
   * `meanwhile` where the answer before it was not there yet.
   */
  readonly asked: string[] = [];
  /** How long each answer takes. */
  answerMs = 0;
  /** `lost`: an append is done, and its answer is an error. */
  fault: 'away' | 'lost' | null = null;
  /** Called before each append, with its last event. */
  beforeAppend: (stream: string, event: NewLedgerEvent) => unknown = () => undefined;
  #answers: Promise<void> = Promise.resolve();
  #running = 0;

  /** What a book is opened with. */
  between(ledger: Ledger): Partial<Ledger> {
    return {
      append: (stream, expected, events) => {
        const event = events.at(-1) as NewLedgerEvent;
        return this.answer(`append ${events.map(({ type }) => type).join(' ')}`, async () => {
          this.#mayFail('away');
          await this.beforeAppend(stream, event);
          const result = await ledger.append(stream, expected, events);
          this.#mayFail('lost');
          return result;
        });
      },
      read: (stream, options) => {
        const of = stream.startsWith('budget-') ? 'window' : 'definition';
        return this.answer(`read ${of} ${options?.fromRevision ?? 0n}`, () => {
          this.#mayFail('away');
          return ledger.read(stream, options);
        });
      },
    };
  }

  /** Notes what is asked, and does it when it is time. */
  async answer<T>(asked: string, does: () => T | Promise<T>): Promise<T> {
    this.asked.push(this.#running === 0 ? asked : `${asked}, meanwhile`);
    this.#running++;
    try {
      await this.#answers;
      if (this.answerMs > 0) await new Promise((resolve) => setTimeout(resolve, this.answerMs));
      return await does();
    } finally {
      this.#running--;
    }
  }

  /** From now on nothing is answered. @returns lets the answers go */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#answers = promise;
    return resolve;
  }

  #mayFail(fault: 'away' | 'lost'): void {
    if (this.fault === fault) throw new Error(fault);
  }
}
