/**
 * A file that hands rows to the engine, batch after batch. Its name is removed as soon as it is open,
 * so that no file is left behind. Each batch overwrites the one before: a new file for each cost more
 * in the kernel, which had to find pages and free them, than writing the rows did. The last batch stays
 * in it until it is closed.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';

export class RowsFile {
  readonly #path: string;
  #handle: FileHandle | null = null;
  #isClosed = false;

  /** @param path of a file that no other process makes, on the warehouse's disk */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param chunks each is written before the next one is asked for
   * @returns where they, and nothing else, can be read in this process until the next call; null if
   *   there are none
   */
  async hold(chunks: Iterable<Uint8Array>): Promise<string | null> {
    const handle = await this.#open();
    const { size } = await handle.stat();
    let end = 0;
    for (const chunk of chunks) {
      // At positions, not at the handle's own offset, which stays at the start for the reader.
      for (let at = 0; at < chunk.length; ) {
        at += (await handle.write(chunk, at, chunk.length - at, end + at)).bytesWritten;
      }
      end += chunk.length;
    }
    // A tail of the batch before would be read as rows of this one.
    if (size > end) await handle.truncate(end);
    return end === 0 ? null : `/dev/fd/${handle.fd}`;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#handle?.close();
    this.#handle = null;
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle !== null) return this.#handle;
    if (this.#isClosed) throw new Error('the warehouse is closed');
    const handle = await open(this.#path, 'w+', 0o600);
    try {
      await unlink(this.#path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#handle = handle;
    return handle;
  }
}
