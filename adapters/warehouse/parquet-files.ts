/**
 * Parquet files of the embedded engine. It would give a result as one piece of memory, so it writes a file
 * of its own, which is read piece by piece and deleted at the end, by whatever it ends.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OneAtATime } from '../process/one-at-a-time.ts';
import { PARQUET_SETTINGS } from './statement-settings.ts';

/** Bytes that are read at a time. */
const PIECE_BYTES = 256 * 1024;

type Run = (sql: string, params: Record<string, unknown>) => Promise<void>;

export class ParquetFiles {
  readonly #folder: string;
  readonly #run: Run;
  readonly #writes = new OneAtATime();

  /** What a process that was killed has left there is deleted. */
  constructor(folder: string, run: Run) {
    this.#folder = folder;
    this.#run = run;
    rmSync(folder, { recursive: true, force: true });
  }

  async *of(sql: string, params: Record<string, unknown>): AsyncGenerator<Uint8Array, void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${randomUUID()}.parquet`);
    try {
      await this.#writes.run(() =>
        this.#run(
          `INSERT INTO FUNCTION file('${path}', Parquet) ${sql} SETTINGS ${PARQUET_SETTINGS}`,
          params,
        ),
      );
      for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
        yield piece as Buffer;
      }
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Waits for the file that is being written; one that is being sent breaks off. */
  close(): Promise<void> {
    return this.#writes.run(() => rm(this.#folder, { recursive: true, force: true }));
  }
}
