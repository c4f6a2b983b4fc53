/**
 * Turns what the ledger stores into the events of a stream category's domain. Strict: a type that the
 * category does not have, or a payload that is not what its schema says, is an error. Earlier
 * versions of an event are upcast here (schemas/ledger/earlier-versions.ts), so that no reader ever
 * sees one.
 */
import type { StreamCategory } from '@tollgate/domain/stream/stream-category.ts';
import {
  type EarlierVersions,
  earlierVersions,
} from '@tollgate/schemas/ledger/earlier-versions.ts';
import type { LedgerEvent } from './ledger.ts';

export type EventBody = { type: string; data: unknown };
export type StoredBody = Pick<LedgerEvent, 'stream' | 'type' | 'data'>;

/** The streams of one category, and how to read events of type E from them. */
export type EventCategory<E extends EventBody> = StreamCategory & {
  /** Every type that the ledger may store in these streams, earlier versions included. */
  readonly storedTypes: ReadonlySet<string>;
  /** @throws Error if the category does not have that event, ZodError if the payload is wrong */
  parse(stored: StoredBody): E;
};

type Payload<T> = { parse(data: unknown): T };
type Payloads<E extends EventBody> = {
  readonly [T in E['type']]: Payload<Extract<E, { type: T }>['data']>;
};

/** @param earlier the project's list; a test of versions passes its own */
export function eventCategory<E extends EventBody>(
  streams: StreamCategory,
  payloads: Payloads<E>,
  earlier: EarlierVersions = earlierVersions,
): EventCategory<E> {
  const readers = new Map<string, (data: unknown) => EventBody>();
  for (const [type, payload] of Object.entries<Payload<unknown>>(payloads)) {
    const older = earlier[type] ?? [];
    for (let version = 1; version <= older.length + 1; version++) {
      const steps = older.slice(version - 1);
      readers.set(storedType(type, version), (data) => {
        const upcast = steps.reduce((older, step) => step.upcast(older), data);
        return { type, data: payload.parse(upcast) };
      });
    }
  }
  return {
    ...streams,
    storedTypes: new Set(readers.keys()),
    parse({ stream, type, data }) {
      const read = stream.startsWith(streams.prefix) ? readers.get(type) : undefined;
      if (read === undefined) throw new Error(`unexpected ${type} in ${stream}`);
      // `Payloads<E>` pairs each type with its payload; a Map cannot say so.
      return read(data) as E;
    },
  };
}

/** What an event of this type is stored as today. */
export function currentStoredType(
  type: string,
  earlier: EarlierVersions = earlierVersions,
): string {
  return storedType(type, (earlier[type]?.length ?? 0) + 1);
}

function storedType(type: string, version: number): string {
  return version === 1 ? type : `${type}.${version}`;
}

type EventOf<C> = C extends EventCategory<infer E> ? E : never;

/** How to read a subscription to several categories. */
export type EventParser<E extends EventBody> = {
  /** For `Ledger.subscribe`. */
  readonly prefixes: readonly string[];
  /** Every type that `parse` reads. */
  readonly storedTypes: ReadonlySet<string>;
  /**
   * @returns null for a type that none of the categories has
   * @throws Error if the event is in a stream of another category, ZodError if the payload is wrong
   */
  parse(stored: StoredBody): E | null;
};

export function eventParser<C extends EventCategory<EventBody>>(
  categories: readonly C[],
): EventParser<EventOf<C>> {
  const byType = new Map<string, EventCategory<EventBody>>();
  for (const category of categories) {
    for (const type of category.storedTypes) byType.set(type, category);
  }
  return {
    prefixes: categories.map(({ prefix }) => prefix),
    storedTypes: new Set(byType.keys()),
    parse(stored) {
      const category = byType.get(stored.type);
      return category === undefined ? null : (category.parse(stored) as EventOf<C>);
    },
  };
}
