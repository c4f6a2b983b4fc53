/**
 * A log in memory, for tests of what reads it: its calls can be counted, held, and made to fail. What
 * real logs promise is tested in `tests/contract/log.ts`.
 */
import type { Commit, Log, LogRecord } from '@tollgate/adapters/log/log.ts';

type Call = 'append' | 'read' | 'ends' | 'commit' | 'committed';
type Place = Parameters<Log['read']>[0];

export class MemoryLog implements Log {
  readonly ordinal: number;
  readonly partitions: number;
  /** Called before each call takes effect; what it throws, the call fails with. */
  before: (call: Call) => void | Promise<void> = () => undefined;
  /** Each call once it has happened. */
  readonly done: Call[] = [];
  /** Where it was read, and how much was asked for. */
  readonly reads: Place[] = [];
  /** Calls that have begun and not ended. */
  running = 0;
  readonly #records: LogRecord[][];
  /** By group and partition. */
  readonly #commits = new Map<string, Commit>();

  constructor(partitions: number, ordinal = 0) {
    this.partitions = partitions;
    this.ordinal = ordinal;
    this.#records = Array.from({ length: partitions }, () => []);
  }

  append(records: readonly { partition: number; value: Uint8Array }[]): Promise<bigint[]> {
    return this.#does('append', () =>
      records.map(({ partition, value }) => {
        const own = this.#records[partition] ?? [];
        const offset = BigInt(own.length);
        own.push({ partition, offset, value, appendedAtMs: 0 });
        return offset;
      }),
    );
  }

  read(place: Place): Promise<LogRecord[]> {
    this.reads.push(place);
    const from = Number(place.offset);
    return this.#does('read', () =>
      (this.#records[place.partition] ?? []).slice(from, from + place.maxRecords),
    );
  }

  ends(): Promise<bigint[]> {
    return this.#does('ends', () => this.#records.map(({ length }) => BigInt(length)));
  }

  commit(group: string, commits: readonly Commit[]): Promise<void> {
    return this.#does('commit', () => {
      for (const commit of commits) this.#commits.set(`${group}/${commit.partition}`, commit);
    });
  }

  committed(group: string): Promise<Commit[]> {
    return this.#does('committed', () =>
      [...this.#commits].flatMap(([key, commit]) => (key.startsWith(`${group}/`) ? [commit] : [])),
    );
  }

  close = () => Promise.resolve();

  async #does<T>(call: Call, work: () => T): Promise<T> {
    this.running++;
    try {
      await this.before(call);
      // An answer takes a turn: a caller that does not wait for it is overtaken.
      await new Promise((resolve) => setImmediate(resolve));
      this.done.push(call);
      return work();
    } finally {
      this.running--;
    }
  }
}
