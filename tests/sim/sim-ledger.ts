/** The ledger in memory, as its port promises (`tests/contract/ledger.ts`), behind a bad network. */
import type {
  AppendResult,
  ExpectedRevision,
  Ledger,
  LedgerEvent,
  NewLedgerEvent,
} from '@tollgate/adapters/ledger/ledger.ts';
import type { Network } from './network.ts';
import type { Process, World } from './world.ts';

export class SimLedger {
  readonly #world: World;
  readonly #network: Network;
  readonly #onEvent: (event: LedgerEvent) => void;
  readonly #streams = new Map<string, LedgerEvent[]>();
  conflicts = 0;
  repetitions = 0;

  /** @param onEvent sees every event once, as it is appended */
  constructor(world: World, network: Network, onEvent: (event: LedgerEvent) => void) {
    this.#world = world;
    this.#network = network;
    this.#onEvent = onEvent;
  }

  /** As one process sees it. */
  of(process: Process): Ledger {
    const unused = () => {
      throw new Error('nobody follows the simulated ledger');
    };
    return {
      appendBytesMax: 1024 * 1024,
      append: (stream, expected, events) =>
        this.#network.ask(process, () => this.append(stream, expected, events, process)),
      read: (stream, options) => this.#network.ask(process, () => this.read(stream, options)),
      subscribe: unused,
      close: async () => undefined,
    };
  }

  /** At once. */
  read(stream: string, options: { fromRevision?: bigint; limit?: number } = {}): LedgerEvent[] {
    const from = Number(options.fromRevision ?? 0n);
    return (this.#streams.get(stream) ?? []).slice(from, from + (options.limit ?? 1_000));
  }

  /** At once. */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewLedgerEvent[],
    by: Process | null,
  ): AppendResult {
    let stored = this.#streams.get(stream);
    if (stored === undefined) {
      stored = [];
      this.#streams.set(stream, stored);
    }
    const from = expected === 'no_stream' ? 0 : Number(expected) + 1;
    const isThere = (event: NewLedgerEvent, index: number) => stored[from + index]?.id === event.id;
    if (events.length > 0 && events.every(isThere)) {
      this.repetitions++;
    } else if (from !== stored.length) {
      this.conflicts++;
      const last = stored.at(-1);
      this.#world.note(by, () => `conflict at ${stream} ${expected}: ${events[0]?.type}`);
      return { ok: false, actual: last === undefined ? 'no_stream' : last.revision };
    } else {
      for (const event of events) this.#store(stored, stream, event, by);
    }
    return { ok: true, revision: BigInt(from + events.length - 1), position: '' };
  }

  #store(stored: LedgerEvent[], stream: string, event: NewLedgerEvent, by: Process | null): void {
    const revision = BigInt(stored.length);
    const recordedAtMs = this.#world.dayMs(null);
    const whole = { ...event, stream, revision, position: '', recordedAtMs };
    stored.push(whole);
    this.#world.note(by, () => `appends ${stream} ${revision} ${event.type} ${shown(event.data)}`);
    this.#onEvent(whole);
  }
}

function shown(data: unknown): string {
  return Object.values(data as object)
    .map((value) => (typeof value === 'object' ? JSON.stringify(value) : value))
    .join(' ');
}
