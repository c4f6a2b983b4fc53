/**
 * The shape of every command on one object: read its stream, fold it, decide, append at the revision
 * that the decision saw, read again. Event ids are derived from the command, so that a repetition is
 * the same append, and what is answered is always what the ledger holds.
 */
import type { LedgerEventBody } from './categories.ts';
import type { EventCategory } from './event-category.ts';
import { ledgerEventId } from './event-ids.ts';
import type { Ledger } from './ledger.ts';
import { newLedgerEvent } from './new-event.ts';
import { readEvents } from './read-stream.ts';

export type Command<S, E extends LedgerEventBody, R> = {
  category: EventCategory<E>;
  /** The object, whose stream is `category.of(id)`. */
  id: string;
  /** The same for repetitions of the command. */
  commandId: string;
  evolve: (state: S | undefined, event: E, revision: bigint) => S;
  /** Null: nothing changes. */
  decide: (state: S | undefined) => E | null | { refused: R };
};

/** An object as its stream says it is. */
export type Decided<S> = {
  state: S;
  revision: bigint;
  createdAtMs: number;
  updatedAtMs: number;
};

export type Outcome<S, R> =
  /** The event is in the ledger, or there was nothing to change. */
  | { kind: 'done'; decided: Decided<S> }
  | { kind: 'refused'; refusal: R }
  /** Others have changed the object each time before this command could. */
  | { kind: 'contended' }
  /** The ledger does not answer; the event may be in it. */
  | { kind: 'unavailable'; cause: unknown };

export type AppendBounds = {
  /** Times that a decision is made again after another append came first. */
  conflictsMax: number;
  /** Times that it is made again after a read or an append without an answer. */
  failuresMax: number;
  pageEvents: number;
};

/** Never rejects for a ledger that is away: that is an outcome. */
export async function appendDecided<S, E extends LedgerEventBody, R>(
  ledger: Ledger,
  command: Command<S, E, R>,
  bounds: AppendBounds,
): Promise<Outcome<S, R>> {
  let conflicts = 0;
  let failures = 0;
  while (conflicts <= bounds.conflictsMax) {
    try {
      const step = await tryOnce(ledger, command, bounds.pageEvents);
      if (step.kind === 'done' || step.kind === 'refused') return step;
      if (step.kind === 'conflict') conflicts += 1;
    } catch (cause) {
      // The outcome is open: the next try reads whether the event is there.
      failures += 1;
      if (failures > bounds.failuresMax) return { kind: 'unavailable', cause };
    }
  }
  return { kind: 'contended' };
}

type Step<S, R> = Outcome<S, R> | { kind: 'appended' } | { kind: 'conflict' };

async function tryOnce<S, E extends LedgerEventBody, R>(
  ledger: Ledger,
  command: Command<S, E, R>,
  pageEvents: number,
): Promise<Step<S, R>> {
  const { category, commandId } = command;
  const stream = category.of(command.id);
  const { before, isDone } = await load(ledger, stream, command, pageEvents);
  if (before !== undefined && isDone) return { kind: 'done', decided: before };
  const event = command.decide(before?.state);
  if (event === null) {
    if (before === undefined) throw new Error(`${stream}: a command without a state or an event`);
    return { kind: 'done', decided: before };
  }
  if ('refused' in event) return { kind: 'refused', refusal: event.refused };
  const expected = before?.revision ?? 'no_stream';
  const appended = newLedgerEvent(stream, event, commandId);
  const result = await ledger.append(stream, expected, [appended]);
  return { kind: result.ok ? 'appended' : 'conflict' };
}

async function load<S, E extends LedgerEventBody, R>(
  ledger: Ledger,
  stream: string,
  { category, commandId, evolve }: Command<S, E, R>,
  pageEvents: number,
): Promise<{ before: Decided<S> | undefined; isDone: boolean }> {
  let before: Decided<S> | undefined;
  let isDone = false;
  for await (const { event, at } of readEvents(ledger, category, stream, { pageEvents })) {
    before = {
      state: evolve(before?.state, event, at.revision),
      revision: at.revision,
      createdAtMs: before?.createdAtMs ?? at.recordedAtMs,
      updatedAtMs: at.recordedAtMs,
    };
    if (at.id === ledgerEventId(stream, event.type, commandId)) isDone = true;
  }
  return { before, isDone };
}
