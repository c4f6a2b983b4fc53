/**
 * One subscription of the stand-in to $all: the past, "caught up", then live. A reader that is too
 * slow falls behind and catches up again. A checkpoint comes after a fixed number of events,
 * whether the reader wants them or not. The start is exclusive.
 */
import { randomUUID } from 'node:crypto';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { EventStore } from './event-store.ts';
import type { Faults } from './faults.ts';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  fellBehindMessage,
  filterOf,
} from './messages.ts';

/** Events that the server looks at per page; a checkpoint interval is a multiple of it. */
const PAGE = 32;
/** Undelivered events at which a live reader has fallen behind. */
const BEHIND = 32;

export class AllSubscription {
  readonly #call: ServerWritableStream<ReadReq, ReadResp>;
  readonly #store: EventStore;
  readonly #faults: Faults;
  readonly #wants: ReturnType<typeof filterOf>;
  readonly #checkpointEvery: number;
  #next: number;
  #looked = 0;
  #live = false;
  #blocked = false;

  constructor(
    call: ServerWritableStream<ReadReq, ReadResp>,
    options: ReadReq.Options,
    store: EventStore,
    faults: Faults,
  ) {
    this.#call = call;
    this.#store = store;
    this.#faults = faults;
    this.#wants = filterOf(options);
    const filter = options.getFilter();
    const page = filter?.hasMax() ? filter.getMax() : PAGE;
    this.#checkpointEvery = page * (filter?.getCheckpointintervalmultiplier() ?? 0);
    this.#next = startOf(options, store);
    call.write(confirmationMessage(randomUUID()));
    call.on('drain', () => {
      this.#blocked = false;
      this.pump();
    });
    this.pump();
  }

  /** The normal end, like that of a server that shuts down. */
  end(): void {
    this.#call.end();
  }

  pump(): void {
    const { all } = this.#store;
    if (this.#faults.silencesSubscriptions() || this.#call.cancelled) return;
    while (!this.#blocked && this.#next < all.length) {
      const event = all[this.#next++];
      if (event === undefined) break;
      if (this.#wants(event)) this.#send(eventMessage(event));
      this.#looked++;
      this.#faults.lookedAt++;
      if (this.#checkpointEvery > 0 && this.#looked % this.#checkpointEvery === 0) {
        this.#send(checkpointMessage(event.position));
      }
    }
    const behind = all.length - this.#next;
    if (this.#live && behind > BEHIND) {
      this.#live = false;
      this.#send(fellBehindMessage());
    } else if (!this.#live && behind === 0) {
      this.#live = true;
      this.#send(caughtUpMessage());
    }
  }

  #send(message: ReadResp): void {
    if (!this.#call.write(message)) this.#blocked = true;
  }
}

function startOf(options: ReadReq.Options, store: EventStore): number {
  const all = options.getAll();
  if (all?.hasEnd()) return store.all.length;
  const after = all?.getPosition();
  if (after === undefined) return 0;
  return store.indexFrom(BigInt(after.getCommitPosition()) + 1n);
}
