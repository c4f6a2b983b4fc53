/** The stand-in's reads: a stream or $all, forwards or backwards, whole or filtered. */
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type { EventStore, Stored } from './event-store.ts';
import type { Faults } from './faults.ts';
import { eventMessage, filterOf, notFoundMessage, streamName } from './messages.ts';
import { AllSubscription } from './subscription.ts';

/** The client notices a broken connection, the stand-in ignores it. */
const ignore = () => undefined;

type Call = ServerWritableStream<ReadReq, ReadResp>;

/** @param subscriptions where the open ones are kept */
export function serveRead(store: EventStore, faults: Faults, subscriptions: Set<AllSubscription>) {
  return (call: Call): void => {
    call.on('error', ignore);
    const options = call.request.getOptions();
    if (options === undefined) return refuse(call, 'no options');
    const start = () => {
      if (!options.hasSubscription()) {
        faults.calls.read++;
        return answer(call, options, store);
      }
      if (!options.hasAll()) return refuse(call, 'the stand-in subscribes to $all only');
      faults.calls.subscribe++;
      const subscription = new AllSubscription(call, options, store, faults);
      subscriptions.add(subscription);
      call.on('close', () => subscriptions.delete(subscription));
      call.on('cancelled', () => subscriptions.delete(subscription));
    };
    const released = faults.released();
    if (released === null) start();
    else released.then(start, call.destroy.bind(call));
  };
}

function refuse(call: Call, details: string): void {
  call.emit('error', { code: status.INVALID_ARGUMENT, details });
}

function answer(call: Call, options: ReadReq.Options, store: EventStore): void {
  const name = streamName(options.getStream()?.getStreamIdentifier());
  const stored = options.hasAll() ? store.all : store.stream(name);
  if (!options.hasAll() && stored.length === 0) {
    call.write(notFoundMessage(name));
    call.end();
    return;
  }
  const events = inDirection(options, stored, store)
    .filter(filterOf(options))
    .take(Number(options.getCount()));
  const send = (): void => {
    for (let next = events.next(); !next.done; next = events.next()) {
      if (!call.write(eventMessage(next.value))) {
        call.once('drain', send);
        return;
      }
    }
    call.end();
  };
  send();
}

/** From the start of the read, which is inclusive forwards; backwards only from the end. */
function* inDirection(
  options: ReadReq.Options,
  stored: readonly Stored[],
  store: EventStore,
): Generator<Stored, undefined> {
  const stream = options.getStream();
  const all = options.getAll();
  const fromEnd = Boolean(stream?.hasEnd() || all?.hasEnd());
  if (options.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS) {
    if (fromEnd) yield* stored.toReversed();
    return;
  }
  if (fromEnd) return;
  const position = all?.getPosition()?.getCommitPosition();
  const revision = stream?.hasRevision() ? Number(stream.getRevision()) : 0;
  const first = position === undefined ? revision : store.indexFrom(BigInt(position));
  for (let index = first; index < stored.length; index++) yield stored[index] as Stored;
}
