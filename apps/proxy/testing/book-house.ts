/**
 * Budget books on a ledger and journals, with what a test puts in between. `useBooks`: real ones, and
 * one ledger for all tests of a file. `useMemoryBooks`: none on a disk. Each test has budgets and
 * journals of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalPath } from '@tollgate/adapters/journal/instance-files.ts';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { JournalWrite } from '@tollgate/adapters/journal/journal-writes.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { BudgetBook, type BudgetHold } from '../budget/budget-book.ts';
import { proxyLimits } from '../limits.ts';
import { defineBudget, wanted } from './budget-house.ts';
import { memoryLedger } from './memory-ledger.ts';

export type BookOptions = {
  /** What the ledger of this proxy does otherwise. */
  between?: Partial<Ledger>;
  /** Called before each write of its journal; what it throws, the write fails with. */
  beforeWrite?: (write: JournalWrite) => void | Promise<void>;
  limits?: Partial<typeof proxyLimits>;
};

let budgets = 0;
let instances = 0;

export class BookHouse {
  readonly ledger: Ledger;
  /** Of the books, in the order in which they were opened. */
  readonly journals: Journal[] = [];
  /** What the books reported: stream and text. */
  readonly errors: [string, string][] = [];
  /** null: journals take what is written, and keep nothing. */
  readonly #folder: string | null;
  #leases = 0;

  constructor(ledger: Ledger, folder: string | null) {
    this.ledger = ledger;
    this.#folder = folder;
  }

  /** The book of one more proxy. */
  async open({ between, beforeWrite, limits }: BookOptions = {}): Promise<BudgetBook> {
    const instanceId = `ins_${++instances}`;
    const journal = await this.#openJournal(instanceId);
    const write = async (entry: JournalWrite) => {
      await beforeWrite?.(entry);
      await journal?.write(entry);
    };
    return new BudgetBook({
      ledger: { ...this.ledger, ...between },
      journal: { write },
      instanceId,
      newLeaseId: () => `lse_${++this.#leases}`,
      limits: { ...proxyLimits, ...limits },
      onError: (error, of) => this.errors.push([of, String(error)]),
    });
  }

  async #openJournal(instanceId: string): Promise<Journal | null> {
    if (this.#folder === null) return null;
    const journal = await openJournal({ path: journalPath(this.#folder, instanceId) });
    this.journals.push(journal);
    return journal;
  }

  /** A budget of 16,000 pico-dollars for its whole life unless told otherwise. */
  define(fields: Partial<BudgetDefinition> = {}): Promise<BudgetDefinition> {
    return defineBudget(this.ledger, `bud_${++budgets}`, fields);
  }

  /** The events of a budget's window: type, lease and amount. */
  async window(definition: BudgetDefinition, at = '19700101T000000Z'): Promise<string[]> {
    const events = await this.ledger.read(`budget-${definition.budget_id}@${at}`);
    return events.map(({ type, data }) => {
      const { lease_id, amount, spent, limit, unused } = data as Record<string, string>;
      const figure = amount ?? spent ?? limit ?? unused ?? '';
      return [type, lease_id ?? [], String(BigInt(figure.replace('.', '')))].flat().join(' ');
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.journals.map((journal) => journal.close()));
  }
}

/** Holds one amount of one budget. @throws Error with the kind of the outcome, if it is not held */
export async function holdOf(
  book: BudgetBook,
  definition: BudgetDefinition,
  amount: bigint,
  nowMs = Date.now(),
): Promise<BudgetHold[]> {
  const outcome = await book.hold([wanted(definition, amount)], nowMs);
  if (outcome.kind !== 'held') throw new Error(outcome.kind);
  return outcome.holds;
}

/** @returns the books of the test that runs */
export function useBooks(): () => BookHouse {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-books-'));
  let ledger: Ledger;
  let house: BookHouse;
  beforeAll(async () => {
    ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  });
  beforeEach(() => {
    house = new BookHouse(ledger, folder);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await house.close();
  });
  afterAll(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => house;
}

/** Books whose time moves as the test says (`vi.advanceTimersByTimeAsync`). @returns those of the test that runs */
export function useMemoryBooks(nowMs: number): () => BookHouse {
  let house: BookHouse;
  beforeEach(() => {
    vi.useFakeTimers({ now: nowMs });
    house = new BookHouse(memoryLedger(), null);
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return () => house;
}
