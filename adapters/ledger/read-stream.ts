/**
 * Reads whole ledger streams, page by page: raw, as the events of a category, or folded. The only
 * place that pages.
 */
import type { EventBody, EventCategory } from './event-category.ts';
import type { ExpectedRevision, Ledger, LedgerEvent, Urgency } from './ledger.ts';

/** Events of one page; most streams are shorter. */
const PAGE_EVENTS = 1_000;

export type ReadOptions = Urgency & {
  /** Default: from the beginning. */
  fromRevision?: bigint;
  pageEvents?: number;
};

/** The events of a stream in order, as they are stored. */
export async function* readStream(
  ledger: Pick<Ledger, 'read'>,
  stream: string,
  { fromRevision = 0n, pageEvents = PAGE_EVENTS, ...urgency }: ReadOptions = {},
): AsyncGenerator<LedgerEvent, void> {
  let next = fromRevision;
  for (;;) {
    const page = await ledger.read(stream, { fromRevision: next, limit: pageEvents, ...urgency });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageEvents) return;
    next = last.revision + 1n;
  }
}

/** An event, and where it is stored. */
export type EventAt<E> = { event: E; at: LedgerEvent };

/** @throws Error or ZodError at an event that is not the category's */
export async function* readEvents<E extends EventBody>(
  ledger: Pick<Ledger, 'read'>,
  category: EventCategory<E>,
  stream: string,
  options?: ReadOptions,
): AsyncGenerator<EventAt<E>, void> {
  for await (const at of readStream(ledger, stream, options)) {
    yield { event: category.parse(at), at };
  }
}

export type Folded<S> = {
  state: S;
  /** What an append that is decided from this state has to expect. */
  revision: ExpectedRevision;
};

/** The state of a stream; `initial` if it has no events. */
export async function foldStream<E extends EventBody, S>(
  ledger: Pick<Ledger, 'read'>,
  { category, stream, ...options }: ReadOptions & { category: EventCategory<E>; stream: string },
  evolve: (state: S, event: E, revision: bigint) => S,
  initial: S,
): Promise<Folded<S>> {
  let state = initial;
  let revision: ExpectedRevision = 'no_stream';
  for await (const { event, at } of readEvents(ledger, category, stream, options)) {
    state = evolve(state, event, at.revision);
    revision = at.revision;
  }
  return { state, revision };
}
