/**
 * A window's stream as this proxy has read it, folded. What this proxy has appended itself it need not
 * read again: an append says at which revision it is, and so that nothing came before it unseen.
 */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { ExpectedRevision, Ledger, Urgency } from '@tollgate/adapters/ledger/ledger.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';

export class WindowView {
  readonly stream: string;
  readonly #ledger: Pick<Ledger, 'read'>;
  readonly #onEvent: (event: BudgetWindowEvent, before: BudgetAccount) => void;
  #account: BudgetAccount = noAccount;
  #revision: ExpectedRevision = 'no_stream';
  #readAtMs = Number.NEGATIVE_INFINITY;

  /** @param onEvent after each event that is folded, with the account as it was before */
  constructor(
    ledger: Pick<Ledger, 'read'>,
    stream: string,
    onEvent: (event: BudgetWindowEvent, before: BudgetAccount) => void,
  ) {
    this.#ledger = ledger;
    this.stream = stream;
    this.#onEvent = onEvent;
  }

  get account(): BudgetAccount {
    return this.#account;
  }

  /** Of the last event that is in `account`. */
  get revision(): ExpectedRevision {
    return this.#revision;
  }

  /** When it was read last (performance.now()). */
  get readAtMs(): number {
    return this.#readAtMs;
  }

  /** Reads the events that the account has not folded yet. */
  async refresh(urgency: Urgency = {}): Promise<void> {
    // Of events that come while it is read nobody can say whether they are in it.
    const atMs = performance.now();
    const gained = readEvents(this.#ledger, budgetWindowEvents, this.stream, {
      fromRevision: this.#next,
      ...urgency,
    });
    for await (const { event, at } of gained) this.take(event, at.revision);
    this.#readAtMs = Math.max(atMs, this.#readAtMs);
  }

  /**
   * An event of the stream: it is folded if it is the next one.
   *
   * @param atMs performance.now() when nothing was behind it yet, if that is known
   */
  take(event: BudgetWindowEvent, revision: bigint, atMs = this.#readAtMs): void {
    // Another read, or an append, was faster; or what comes before it is to be read first.
    if (revision !== this.#next) return;
    const before = this.#account;
    this.#account = evolveAccount(before, event);
    this.#revision = revision;
    this.#readAtMs = Math.max(atMs, this.#readAtMs);
    this.#onEvent(event, before);
  }

  get #next(): bigint {
    return this.#revision === 'no_stream' ? 0n : this.#revision + 1n;
  }
}
