/**
 * Runs a process manager: work that follows from the ledger and ends in appends, such as carrying
 * out the imports of bills.
 *
 * 1. Subscribe: `due` reads what a follower of the ledger has folded.
 * 2. Decide and append: `handle` carries one item out. It may be cut off anywhere and is then carried
 *    out again, so the id of everything that it appends is derived from the item: at least once
 *    carried out, once in effect.
 * 3. Checkpoint: what was appended. An item is due until the ledger says that it is done, so a process
 *    that dies goes on where it was, and nothing else needs to be durable.
 *
 * An item that fails is tried again with back-off and without a last try, and does not hold up the
 * others.
 *
 * Where several processes run the same work, and twice would be too often, `handle` begins with a claim: an
 * append at the revision that it decided from, which one of them wins.
 */
import { Backoff, type BackoffMs, pause } from '../backoff/backoff.ts';

export type ProcessManager<Item> = {
  /** What it does, for the operator's log: "resolving". */
  name: string;
  /** What there is to do now, in order. */
  due: () => Promise<readonly Item[]>;
  /** Tells items apart, for the log and for the back-off. */
  idOf: (item: Item) => string;
  /** How many items are carried out at once; default: one. */
  atOnceMax?: number;
  /** Should end soon when the signal aborts; it is waited for. */
  handle: (item: Item, signal: AbortSignal) => Promise<void>;
  /** Pause between two looks for what is due, ms. */
  pollMs: number;
  /** Pause before an item that failed is tried again. */
  retryMs: BackoffMs;
  onError: (message: string, error: unknown) => void;
};

export type RunningProcess = {
  /** Begins nothing new, and resolves when the item in hand is carried out. */
  stop(): Promise<void>;
};

export function startProcess<Item>(manager: ProcessManager<Item>): RunningProcess {
  const run = new ProcessRun(manager);
  const done = run.loop();
  return {
    async stop() {
      run.abort();
      await done;
    },
  };
}

type Failure = { backoff: Backoff; againAtMs: number };

class ProcessRun<Item> {
  readonly #manager: ProcessManager<Item>;
  readonly #abort = new AbortController();
  /** By item, while it is due. */
  #failures = new Map<string, Failure>();

  constructor(manager: ProcessManager<Item>) {
    this.#manager = manager;
  }

  abort(): void {
    this.#abort.abort();
  }

  async loop(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.#pass(signal);
      await pause(this.#manager.pollMs, signal);
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { name, due, idOf, onError } = this.#manager;
    try {
      const items = await due();
      this.#forgetAllBut(new Set(items.map(idOf)));
      const rest = items.values();
      const lane = async () => {
        for (const item of rest) {
          if (signal.aborted) return;
          await this.#handle(item, signal);
        }
      };
      await Promise.all(Array.from({ length: this.#manager.atOnceMax ?? 1 }, lane));
    } catch (error) {
      onError(`${name}: what is due cannot be read; trying again`, error);
    }
  }

  async #handle(item: Item, signal: AbortSignal): Promise<void> {
    const { name, idOf, handle, retryMs, onError } = this.#manager;
    const id = idOf(item);
    const failure = this.#failures.get(id);
    if (failure !== undefined && performance.now() < failure.againAtMs) return;
    try {
      await handle(item, signal);
      this.#failures.delete(id);
    } catch (error) {
      onError(`${name} ${id} failed; trying again`, error);
      const backoff = failure?.backoff ?? new Backoff(retryMs);
      this.#failures.set(id, { backoff, againAtMs: performance.now() + backoff.next() });
    }
  }

  #forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#failures.keys()) if (!ids.has(id)) this.#failures.delete(id);
  }
}
