/**
 * Journals without files: the real codec and the real fold (`journal-codec.ts`, `journal-state.ts`)
 * over a disk in memory. What is durable outlives the process that wrote it; what waits dies with it;
 * the group that is being written is there whole or not at all, as its checksum makes sure.
 */
import { type Journal, JournalError } from '@tollgate/adapters/journal/journal.ts';
import {
  GROUP_HEADER_BYTES,
  GroupWriter,
  type Place,
} from '@tollgate/adapters/journal/journal-codec.ts';
import { JournalState } from '@tollgate/adapters/journal/journal-state.ts';
import type {
  JournalContents,
  JournalWrite,
  OutboxRecord,
} from '@tollgate/adapters/journal/journal-writes.ts';
import type { Process, World } from './world.ts';

type Group = { at: number; bytes: Buffer };

/** The folder of one instance. */
export class SimDisk {
  readonly instanceId: string;
  readonly groups: Group[] = [];
  /** Finished records by their number, from 1. */
  readonly records: Omit<OutboxRecord, 'seq'>[] = [];
  lengthBytes = 0;
  /** Who holds the instance's lock. */
  lockedBy: Process | null = null;
  isRemoved = false;

  constructor(instanceId: string) {
    this.instanceId = instanceId;
  }

  /** @returns false if another process holds it */
  tryLock(process: Process): boolean {
    if (this.lockedBy !== null) return false;
    this.lockedBy = process;
    process.onDeath.push(() => this.unlock(process));
    return true;
  }

  unlock(process: Process): void {
    if (this.lockedBy === process) this.lockedBy = null;
  }

  add(bytes: Buffer, records: readonly Omit<OutboxRecord, 'seq'>[]): void {
    this.groups.push({ at: this.lengthBytes, bytes });
    this.lengthBytes += bytes.length;
    this.records.push(...records);
  }

  textAt({ at, length }: Place): string {
    const group = this.groups.findLast((one) => one.at <= at) as Group;
    return group.bytes.toString('utf8', at - group.at, at - group.at + length);
  }
}

export type DiskSpeed = {
  /** How long a group takes to be durable, ms. */
  writeMs: readonly [number, number];
  /** How often it takes far longer. */
  stalls: number;
};

const STALL_MS = [20, 2_000] as const;

type Done = (error?: Error) => void;
type Write = { write: JournalWrite; done: Done };
type Read = { read: () => void };

export class SimJournal implements Journal {
  readonly #world: World;
  readonly #process: Process;
  readonly #disk: SimDisk;
  readonly #speed: DiskSpeed;
  readonly #state = new JournalState();
  readonly #waiting: (Write | Read)[] = [];
  /** Makes the group that is being written durable, or forgets it. */
  #inFlight: ((isDurable: boolean) => void) | null = null;
  #scheduled = false;
  #closed = false;

  /** Reads back what is durable there. */
  constructor(world: World, process: Process, disk: SimDisk, speed: DiskSpeed) {
    this.#world = world;
    this.#process = process;
    this.#disk = disk;
    this.#speed = speed;
    for (const { at, bytes } of disk.groups) this.#state.apply(bytes, GROUP_HEADER_BYTES, at);
    process.onDeath.push(() => {
      this.#waiting.length = 0;
      this.#inFlight?.(world.random.chance(0.5));
    });
  }

  submit(write: JournalWrite, done: Done): void {
    if (!this.#world.leaves(this.#process)) return;
    if (this.#closed) return done(new JournalError('the journal is closed'));
    this.#waiting.push({ write, done });
    this.#schedule();
  }

  write(write: JournalWrite): Promise<void> {
    return new Promise((resolve, reject) => {
      this.submit(write, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  outbox(limit: number): Promise<OutboxRecord[]> {
    return this.#read(() => {
      const { nextSeq, shippedSeq } = this.#state;
      const lastSeq = Math.min(nextSeq - 1, shippedSeq + limit);
      return this.#disk.records
        .slice(shippedSeq, lastSeq)
        .map((record, index) => ({ ...record, seq: shippedSeq + 1 + index }));
    });
  }

  outboxRecords(): number {
    return this.#state.outboxRecords;
  }

  queuedWrites(): number {
    return this.#waiting.length;
  }

  contents(): Promise<JournalContents> {
    return this.#read(() => this.#state.contents((place) => this.#disk.textAt(place)));
  }

  async close(): Promise<JournalContents> {
    const contents = await this.contents();
    this.#closed = true;
    return contents;
  }

  #read<T>(answer: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (!this.#world.leaves(this.#process)) return;
      this.#waiting.push({
        read: () => {
          const found = answer();
          this.#world.in(0, this.#process, () => resolve(found));
        },
      });
      this.#schedule();
    });
  }

  /** What this event of the process still queues joins the same group. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== null) return;
    this.#scheduled = true;
    this.#world.in(0, this.#process, () => {
      this.#scheduled = false;
      this.#begin();
    });
  }

  #begin(): void {
    const next = this.#waiting[0];
    if (next === undefined) return;
    if ('read' in next) {
      this.#waiting.shift();
      next.read();
      return this.#schedule();
    }
    const firstRead = this.#waiting.findIndex((one) => 'read' in one);
    const count = firstRead === -1 ? this.#waiting.length : firstRead;
    this.#writeGroup(this.#waiting.splice(0, count) as Write[]);
  }

  #writeGroup(writes: readonly Write[]): void {
    const bytes = encoded(writes);
    this.#inFlight = (isDurable) => {
      this.#inFlight = null;
      if (!isDurable) return;
      this.#apply(bytes);
      this.#disk.add(bytes, writes.flatMap(recordOf));
      // A process that is stopped learns of it when it goes on.
      this.#world.in(0, this.#process, () => {
        for (const { done } of writes) done();
        this.#schedule();
      });
    };
    const { random } = this.#world;
    const ms = random.spread(
      ...(random.chance(this.#speed.stalls) ? STALL_MS : this.#speed.writeMs),
    );
    const group = this.#inFlight;
    this.#world.in(ms, null, () => {
      if (this.#inFlight === group) group(true);
    });
  }

  /** A write that contradicts an earlier one is a mistake of the code that made it. */
  #apply(bytes: Buffer): void {
    try {
      this.#state.apply(bytes, GROUP_HEADER_BYTES, this.#disk.lengthBytes);
    } catch (error) {
      this.#world.violate(`the journal of ${this.#disk.instanceId} refuses: ${error}`);
    }
  }
}

/** One for all: what it encoded is copied at once. */
const buffer = new SharedArrayBuffer(1024 * 1024);

function encoded(writes: readonly Write[]): Buffer {
  const group = new GroupWriter(buffer);
  for (const { write } of writes) group.add(write);
  const ended = group.end();
  return Buffer.from(new Uint8Array(ended.buffer, 0, ended.lengthBytes));
}

function recordOf({ write }: Write): Omit<OutboxRecord, 'seq'>[] {
  if (write.op !== 'finished' && write.op !== 'recorded' && write.op !== 'charged') return [];
  return [{ partition: write.partition, value: Buffer.from(write.event) }];
}
