/**
 * Guests' queries on the embedded engine, in processes of their own (docs/adr/0004). A process is started
 * when a query comes, gets a snapshot if something was written since its last one, and runs one query at
 * a time. One that was killed is replaced at the next query.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OneAtATime } from '../../process/one-at-a-time.ts';
import { Pool } from '../pool.ts';
import type { SelectBounds, Table } from '../warehouse.ts';
import { CANCELLED, WarehouseError } from '../warehouse-error.ts';
import { type GuestLimits, guestLimits } from './guest-limits.ts';
import { GuestProcess } from './guest-process.ts';
import {
  disksFolder,
  LET_GO,
  removeSnapshot,
  type SnapshotSource,
  takeSnapshot,
} from './snapshot.ts';

export type GuestSource = SnapshotSource & {
  /** Statements that have changed the tables so far. */
  writes(): number;
};

type Seat = {
  name: string;
  process: GuestProcess | null;
  /** The number of writes that the snapshot has; -1 without one. */
  writes: number;
  idle: NodeJS.Timeout | undefined;
};

export class Guests {
  readonly #source: GuestSource;
  readonly #limits: GuestLimits;
  readonly #seats: Seat[];
  readonly #pool: Pool<Seat>;
  readonly #freezes = new OneAtATime();
  #isClosed = false;

  constructor(source: GuestSource, limits: Partial<GuestLimits> = {}) {
    this.#source = source;
    this.#limits = { ...guestLimits, ...limits };
    this.#seats = Array.from({ length: this.#limits.processes }, (_, index) => ({
      ...{ name: `guest_${index}`, process: null, writes: -1, idle: undefined },
    }));
    this.#pool = new Pool(this.#seats, this.#limits.queueMax);
  }

  select(sql: string, bounds: SelectBounds, signal?: AbortSignal): Promise<Table> {
    return this.#seated(async (seat, process) => {
      await this.#refresh(seat, process);
      if (signal?.aborted) throw new WarehouseError(CANCELLED, 'nobody waits for the query');
      const timeoutMs = bounds.secondsMax * 1_000 + this.#limits.graceMs;
      return process.ask({ kind: 'select', sql, bounds }, timeoutMs, signal);
    });
  }

  syntaxTree(sql: string): Promise<string[]> {
    return this.#seated((_, process) =>
      process.ask({ kind: 'syntaxTree', sql }, this.#limits.parseTimeoutMs),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const seat of this.#seats) leave(seat, CLOSED);
    await this.#freezes.run(() => Promise.resolve());
    await this.clear();
  }

  /** Removes what is left of processes that ended: a snapshot holds the space of parts on the disk. */
  async clear(): Promise<void> {
    await Promise.all(this.#seats.map(({ name }) => this.#cleared(name)));
    await rm(this.#folder(), { recursive: true, force: true });
  }

  #seated<T>(work: (seat: Seat, process: GuestProcess) => Promise<T>): Promise<T> {
    return this.#pool.run(async (seat) => {
      clearTimeout(seat.idle);
      const process = await this.#started(seat);
      try {
        return await work(seat, process);
      } finally {
        await this.#settle(seat, process);
      }
    });
  }

  async #started(seat: Seat): Promise<GuestProcess> {
    if (this.#isClosed) throw CLOSED;
    if (seat.process?.hasEnded === false) return seat.process;
    const folder = await this.#cleared(seat.name);
    const configuration = join(folder, 'engine.xml');
    await mkdir(folder, { recursive: true });
    await writeFile(configuration, configurationOf(this.#source.path), { mode: 0o600 });
    if (this.#isClosed) throw CLOSED;
    const process = new GuestProcess([join(folder, 'engine'), configuration], this.#limits);
    seat.process = process;
    seat.writes = -1;
    await process.ask({ kind: 'prepare', statements: [] }, this.#limits.startTimeoutMs);
    return process;
  }

  async #refresh(seat: Seat, process: GuestProcess): Promise<void> {
    if (seat.writes === this.#source.writes()) return;
    const { snapshotTimeoutMs } = this.#limits;
    await process.ask({ kind: 'prepare', statements: LET_GO }, snapshotTimeoutMs);
    seat.writes = -1;
    const { writes, statements } = await this.#freezes.run(async () => {
      const before = this.#source.writes();
      return { writes: before, statements: await takeSnapshot(this.#source, seat.name) };
    });
    await process.ask({ kind: 'prepare', statements }, snapshotTimeoutMs);
    seat.writes = writes;
  }

  /** A process that has grown is not kept: it would give no memory back, and the next guest too little. */
  async #settle(seat: Seat, process: GuestProcess): Promise<void> {
    const { rssKeepBytesMax, idleMs } = this.#limits;
    if ((await process.rssBytes()) > rssKeepBytesMax) leave(seat, GROWN);
    else seat.idle = setTimeout(() => leave(seat, IDLE), idleMs).unref();
  }

  /** @returns the seat's folder, without what an earlier process left there */
  async #cleared(name: string): Promise<string> {
    const folder = join(this.#folder(), name);
    await rm(folder, { recursive: true, force: true });
    await removeSnapshot(this.#source.path, name);
    return folder;
  }

  #folder(): string {
    return join(this.#source.path, 'guests');
  }
}

const CLOSED = new WarehouseError('closed', 'the warehouse is closed');
const GROWN = new WarehouseError('guest_ended', "the guests' process had grown too large");
const IDLE = new WarehouseError('guest_ended', "the guests' process had nothing to do");

function leave(seat: Seat, reason: WarehouseError): void {
  clearTimeout(seat.idle);
  seat.process?.kill(reason);
}

/** Where the engine may have disks: snapshots are there, and nothing else. */
function configurationOf(path: string): string {
  return `<clickhouse>
  <custom_local_disks_base_directory>${escaped(disksFolder(path))}</custom_local_disks_base_directory>
</clickhouse>
`;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
