/** A book's ledger that notes what it is asked, and answers late, wrongly or not at all as told. */
import type { Ledger, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';

export class WatchedLedger {
  /** `append LeaseGranted`, `read window 2`: what was asked, and from which revision. */
  readonly asked: string[] = [];
  /** `lost`: an append is done, and its answer is an error. */
  fault: 'away' | 'lost' | null = null;
  /** Called before each append. */
  beforeAppend: (stream: string, event: NewLedgerEvent) => unknown = () => undefined;
  #answers: Promise<void> = Promise.resolve();

  /** What a book is opened with. */
  between(ledger: Ledger): Partial<Ledger> {
    return {
      append: async (stream, expected, events) => {
        const [event] = events as [NewLedgerEvent];
        this.asked.push(`append ${event.type}`);
        await this.#answers;
        this.#mayFail('away');
        await this.beforeAppend(stream, event);
        const result = await ledger.append(stream, expected, events);
        this.#mayFail('lost');
        return result;
      },
      read: async (stream, options) => {
        const of = stream.startsWith('budget-') ? 'window' : 'definition';
        this.asked.push(`read ${of} ${options?.fromRevision ?? 0n}`);
        await this.#answers;
        this.#mayFail('away');
        return ledger.read(stream, options);
      },
    };
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
