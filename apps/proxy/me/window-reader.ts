/**
 * Budget windows as the ledger has them, for those who ask what is left. Apart from the accounts that
 * calls draw from: reading more into those would compete with their grants.
 */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';

type Read = { account: BudgetAccount; nextRevision: bigint };

export class WindowReader {
  readonly #ledger: Pick<Ledger, 'read'>;
  readonly #windowsMax: number;
  /** Least recently asked for first. */
  readonly #read = new Map<string, Read>();

  /** @param windowsMax how many are remembered, so that only what is new is read */
  constructor(ledger: Pick<Ledger, 'read'>, windowsMax: number) {
    this.#ledger = ledger;
    this.#windowsMax = windowsMax;
  }

  /** As of now. @throws whatever the ledger throws */
  async account(stream: string): Promise<BudgetAccount> {
    let { account, nextRevision } = this.#read.get(stream) ?? NOTHING_READ;
    const from = { fromRevision: nextRevision };
    for await (const { event, at } of readEvents(this.#ledger, budgetWindowEvents, stream, from)) {
      account = evolveAccount(account, event);
      nextRevision = at.revision + 1n;
    }
    this.#remember(stream, { account, nextRevision });
    return account;
  }

  #remember(stream: string, read: Read): void {
    const known = this.#read.get(stream);
    // Two may read at once: the one that came further counts.
    if (known !== undefined && known.nextRevision > read.nextRevision) return;
    this.#read.delete(stream);
    this.#read.set(stream, read);
    if (this.#read.size <= this.#windowsMax) return;
    const oldest = this.#read.keys().next();
    if (!oldest.done) this.#read.delete(oldest.value);
  }
}

const NOTHING_READ: Read = { account: noAccount, nextRevision: 0n };
