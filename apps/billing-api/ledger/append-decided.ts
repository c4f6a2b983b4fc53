/**
 * The shape of every command: read the stream, fold it, decide, append at the revision that the
 * decision saw, read again. Event ids are derived from the command, so that a repetition is the
 * same append, and what is answered is always what stands in the ledger.
 */
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { ExpectedRevision, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { ledgerEventData } from '@tollgate/schemas/ledger/ledger-events.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem, type ErrorCode } from '../http/errors.ts';
import { readStream } from './read-stream.ts';

type Body = { type: string; data: unknown };

type Command<S, E extends Body> = {
  stream: string;
  /** The same for repetitions of the command. */
  commandId: string;
  evolve: (state: S | undefined, event: E, revision: bigint) => S;
  /** Null: nothing changes. */
  decide: (state: S | undefined) => E | null | { refused: ErrorCode };
};

/** An object as its stream says it is. */
export type Decided<S> = {
  state: S;
  revision: bigint;
  createdAtMs: number;
  updatedAtMs: number;
};

/**
 * Carries the command out and waits (bounded) until the read model shows it.
 *
 * @returns the state afterwards
 * @throws ApiProblem with the code of a refusal, concurrent_change or ledger_unavailable
 */
export async function appendDecided<S, E extends Body>(
  context: ApiContext,
  command: Command<S, E>,
): Promise<Decided<S>> {
  const { limits } = context;
  let conflicts = 0;
  let failures = 0;
  while (conflicts <= limits.appendConflictsMax) {
    try {
      const done = await tryOnce(context, command);
      if (done !== 'appended' && done !== 'conflict') {
        await context.directory.sees(command.stream, done.revision, limits.readYourWritesMs);
        return done;
      }
      if (done === 'conflict') conflicts += 1;
    } catch (error) {
      // A refusal is an answer; anything else leaves the outcome open, so look again.
      if (error instanceof ApiProblem) throw error;
      failures += 1;
      if (failures > limits.appendRetriesMax) {
        throw new ApiProblem('ledger_unavailable', { cause: error });
      }
    }
  }
  throw new ApiProblem('concurrent_change');
}

async function tryOnce<S, E extends Body>(
  context: ApiContext,
  command: Command<S, E>,
): Promise<Decided<S> | 'appended' | 'conflict'> {
  const { stream, commandId } = command;
  const past = await readStream(context.ledger, stream, context.limits.ledgerPageEvents);
  const before = fold(past, command);
  if (before !== undefined && past.some((e) => e.id === ledgerEventId(stream, e.type, commandId))) {
    return before;
  }
  const event = command.decide(before?.state);
  if (event === null) {
    if (before === undefined) throw new Error(`${stream}: a command without a state or an event`);
    return before;
  }
  if ('refused' in event) throw new ApiProblem(event.refused);
  const expected: ExpectedRevision = before?.revision ?? 'no_stream';
  const { type, data } = event;
  const id = ledgerEventId(stream, type, commandId);
  const result = await context.ledger.append(stream, expected, [{ id, type, data }]);
  return result.ok ? 'appended' : 'conflict';
}

function fold<S, E extends Body>(
  past: readonly LedgerEvent[],
  command: Command<S, E>,
): Decided<S> | undefined {
  let state: S | undefined;
  for (const event of past) {
    const type = event.type as keyof typeof ledgerEventData;
    const data = ledgerEventData[type].parse(event.data);
    state = command.evolve(state, { type, data } as E, event.revision);
  }
  const first = past[0];
  const last = past.at(-1);
  if (state === undefined || first === undefined || last === undefined) return undefined;
  return {
    state,
    revision: last.revision,
    createdAtMs: first.recordedAtMs,
    updatedAtMs: last.recordedAtMs,
  };
}
