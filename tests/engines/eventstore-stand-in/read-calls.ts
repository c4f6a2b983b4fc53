/** The stand-in's reads: a stream or $all, forwards or backwards, whole or filtered. */
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type { EventStore, Stored } from './event-store.ts';
import type { Faults } from './faults.ts';
import { eventMessage, filterOf, notFoundMessage, streamName } from './messages.ts';
import { AllSubscription } from './subscription.ts';

/** A connection that breaks is the client's to notice. */
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
  const wants = filterOf(options);
  const found = inDirection(options, stored).filter(wants);
  const events = found.slice(0, Number(options.getCount()))[Symbol.iterator]();
  const send = (): void => {
    for (const event of events.take(Number.POSITIVE_INFINITY)) {
      if (!call.write(eventMessage(event))) {
        call.once('drain', send);
        return;
      }
    }
    call.end();
  };
  send();
}

/** From the start of the read, which is inclusive forwards. */
function inDirection(options: ReadReq.Options, stored: readonly Stored[]): readonly Stored[] {
  const backwards =
    options.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;
  const stream = options.getStream();
  const all = options.getAll();
  if (backwards) {
    if (all?.hasPosition() || stream?.hasRevision()) return [];
    return stream?.hasStart() || all?.hasStart() ? [] : stored.toReversed();
  }
  if (stream?.hasEnd() || all?.hasEnd()) return [];
  if (stream?.hasRevision()) return stored.slice(Number(stream.getRevision()));
  const from = all?.getPosition();
  if (from === undefined) return stored;
  const commit = BigInt(from.getCommitPosition());
  const index = stored.findIndex(({ position }) => position >= commit);
  return index < 0 ? [] : stored.slice(index);
}
