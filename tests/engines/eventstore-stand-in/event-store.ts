/**
 * The stand-in's streams and their $all, with the rules of the server's IndexWriter:
 * 1. A number or "no stream" as expected revision. Equal to the stream's last revision: the events
 *    are appended. Higher: a conflict. Lower: the ids at exactly those revisions are compared; if
 *    all are the same it is a repetition and done, otherwise a conflict. This holds forever, not
 *    only for recent events.
 * 2. "Any" and "stream exists" compare by id with all events of the stream.
 * 3. Appends follow one another. Nothing is visible or answered before it is durable.
 * 4. A position grows, with gaps (the server's are places in its files).
 */
import { openRecordFile, type RecordFile } from './record-file.ts';

export type Proposed = { id: string; metadata: Record<string, string>; data: string };

/** `data` is base64, `created` in 100 ns since 1970 as text, as on the wire. */
export type Stored = Proposed & {
  stream: string;
  revision: bigint;
  position: bigint;
  created: string;
};

export type Expected = bigint | 'no_stream' | 'any' | 'stream_exists';
export type Decision =
  | { kind: 'done'; revision: bigint; position: bigint }
  | { kind: 'conflict'; current: bigint | 'no_stream' };

type Waiting = {
  stream: string;
  expected: Expected;
  events: readonly Proposed[];
  resolve: (decision: Decision) => void;
};
type Line = { stream: string; created: string; events: Proposed[] };

/** Bytes of a record in the log besides its data. */
const RECORD_BYTES = 128n;
const TICKS_PER_MS = 10_000n;

export class EventStore {
  readonly all: Stored[] = [];
  readonly #streams = new Map<string, Stored[]>();
  readonly #file: RecordFile;
  readonly #listeners = new Set<() => void>();
  #waiting: Waiting[] = [];
  #end = 0n;

  constructor(path: string | null) {
    this.#file = openRecordFile(path, (line) => {
      for (const event of this.#place(JSON.parse(line) as Line)) this.#show(event);
    });
  }

  stream(name: string): readonly Stored[] {
    return this.#streams.get(name) ?? [];
  }

  /** Index in `all` of the first event at or after the position; the length if there is none. */
  indexFrom(position: bigint): number {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.all[middle] as Stored).position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  append(stream: string, expected: Expected, events: readonly Proposed[]): Promise<Decision> {
    return new Promise((resolve) => {
      this.#waiting.push({ stream, expected, events, resolve });
      if (this.#waiting.length === 1) setImmediate(() => this.#commit());
    });
  }

  /** @returns stops listening */
  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#file.close();
  }

  /** Answers all that wait, after one flush. */
  #commit(): void {
    const lines: string[] = [];
    const answers = this.#waiting.splice(0).map(({ stream, expected, events, resolve }) => {
      const decision = this.#decide(stream, expected, events);
      if (decision !== null) return () => resolve(decision);
      const created = String(BigInt(Date.now()) * TICKS_PER_MS);
      const line: Line = { stream, created, events: [...events] };
      lines.push(JSON.stringify(line));
      for (const event of this.#place(line)) this.#show(event);
      const last = this.#streams.get(stream)?.at(-1) as Stored;
      return () => resolve({ kind: 'done', revision: last.revision, position: last.position });
    });
    // Nobody reads in between: this is one turn of the event loop.
    if (lines.length > 0) this.#file.write(lines);
    for (const answer of answers) answer();
    if (lines.length > 0) for (const listener of this.#listeners) listener();
  }

  /** @returns null if the events are to be appended */
  #decide(stream: string, expected: Expected, events: readonly Proposed[]): Decision | null {
    const stored = this.stream(stream);
    const current = BigInt(stored.length) - 1n;
    const conflict: Decision = {
      kind: 'conflict',
      current: current < 0n ? 'no_stream' : current,
    };
    if (expected === 'stream_exists' && current < 0n) return conflict;
    if (expected === 'any' || expected === 'stream_exists') {
      const places = events.map(({ id }) => stored.find((event) => event.id === id));
      if (places.every((place) => place === undefined)) return null;
      return repetition(places) ?? conflict;
    }
    const after = expected === 'no_stream' ? -1n : expected;
    if (after === current) return null;
    if (after > current) return conflict;
    const places = events.map(({ id }, index) => {
      const place = stored[Number(after) + 1 + index];
      return place?.id === id ? place : undefined;
    });
    return repetition(places) ?? conflict;
  }

  #place({ stream, created, events }: Line): Stored[] {
    const first = BigInt(this.stream(stream).length);
    return events.map((event, index) => {
      const position = this.#end;
      this.#end += RECORD_BYTES + BigInt(event.data.length);
      return { ...event, stream, created, position, revision: first + BigInt(index) };
    });
  }

  #show(event: Stored): void {
    const stored = this.#streams.get(event.stream);
    if (stored === undefined) this.#streams.set(event.stream, [event]);
    else stored.push(event);
    this.all.push(event);
  }
}

/** The position of a repetition is that of its last event, like the server's since 21.10. */
function repetition(places: readonly (Stored | undefined)[]): Decision | null {
  const last = places.at(-1);
  if (last === undefined || places.includes(undefined)) return null;
  return { kind: 'done', revision: last.revision, position: last.position };
}
