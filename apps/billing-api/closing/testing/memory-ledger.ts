/**
 * A ledger without a file, for tests of what is decided from a ledger and in which order it is
 * written. Every answer takes a turn, so a caller that does not wait for it is overtaken.
 */
import type {
  AppendResult,
  ExpectedRevision,
  Ledger,
  LedgerEvent,
  NewLedgerEvent,
  SubscriptionItem,
} from '@tollgate/adapters/ledger/ledger.ts';

export class MemoryLedger implements Ledger {
  readonly appendBytesMax = 1_000_000;
  /** In the order in which they were appended. */
  readonly events: LedgerEvent[] = [];
  /** `read STREAM` and `append TYPE`, each once it has happened. */
  readonly done: string[] = [];
  /** Called before each of them; what it throws, the call fails with. */
  before: (call: string, stream: string) => void | Promise<void> = () => undefined;
  clock = () => 0;

  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewLedgerEvent[],
  ): Promise<AppendResult> {
    await this.#does(`append ${events.map(({ type }) => type).join()}`, stream);
    const past = this.of(stream);
    const from = expected === 'no_stream' ? 0 : Number(expected) + 1;
    const there = past.slice(from, from + events.length);
    if (
      events.length > 0 &&
      there.map(({ id }) => id).join() === events.map(({ id }) => id).join()
    ) {
      return appended(there);
    }
    if (from !== past.length) return { ok: false, actual: past.at(-1)?.revision ?? 'no_stream' };
    const added = events.map((event, index) => ({
      ...event,
      stream,
      revision: BigInt(from + index),
      position: String(this.events.length + index),
      recordedAtMs: this.clock(),
    }));
    this.events.push(...added);
    return appended(added);
  }

  async read(
    stream: string,
    { fromRevision = 0n, limit = Number.POSITIVE_INFINITY } = {},
  ): Promise<LedgerEvent[]> {
    await this.#does(`read ${stream}`, stream);
    return this.of(stream).slice(Number(fromRevision), Number(fromRevision) + limit);
  }

  /** What is there already, then what comes, as long as the signal allows. */
  async *subscribe(options: Parameters<Ledger['subscribe']>[0]): AsyncGenerator<SubscriptionItem> {
    const { prefixes, after, signal } = options;
    let next = after === null ? 0 : Number(after) + 1;
    while (!signal.aborted) {
      const atMonotonicMs = performance.now();
      for (const event of this.events.slice(next)) {
        if (prefixes.some((prefix) => event.stream.startsWith(prefix))) {
          yield { kind: 'event', event };
        }
        next++;
      }
      yield { kind: 'caught_up', atMonotonicMs };
      await turn();
    }
  }

  close = () => Promise.resolve();

  of(stream: string): LedgerEvent[] {
    return this.events.filter((event) => event.stream === stream);
  }

  /** The types of a stream's events, in order. */
  types(stream: string): string[] {
    return this.of(stream).map(({ type }) => type);
  }

  /** The data of a stream's event; all of ours that tests look into are texts. */
  texts(stream: string, revision: number): Record<string, string> {
    const event = this.of(stream)[revision];
    if (event === undefined) throw new Error(`${stream} has no event ${revision}`);
    return event.data as Record<string, string>;
  }

  async #does(call: string, stream: string): Promise<void> {
    await this.before(call, stream);
    await turn();
    this.done.push(call);
  }
}

function appended(events: readonly LedgerEvent[]): AppendResult {
  const { revision, position } = events.at(-1) as LedgerEvent;
  return { ok: true, revision, position };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
