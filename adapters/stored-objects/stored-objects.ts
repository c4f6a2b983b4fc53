/**
 * Port: whose the objects are that providers have stored under an id of theirs, and which provider has
 * each (docs/design.md, Stored objects; I10). All proxies of an installation share one. What it does not
 * know is nobody's.
 *
 * An id that was given to two customers, or by two providers, is nobody's from then on.
 *
 * A store that fails throws: then nobody knows whose an object is.
 */
import { createHash } from 'node:crypto';

export type StoredAt = {
  /** The customer's id. */
  owner: string;
  /** The provider's name here. */
  provider: string;
};

/** An object that its provider goes on with after the call that began it. */
export type RunningObject = StoredAt & {
  id: string;
  /** What the one needs who finds out how it ended. */
  record: string;
};

export type StoredObjects = {
  /** @param ids as the provider writes them; the oldest of its owner make room */
  keep(ids: readonly string[], at: StoredAt): Promise<void>;
  /** One answer for each id, in their order; null: nobody's. */
  find(ids: readonly string[]): Promise<(StoredAt | null)[]>;
  /** Of an object that its owner has deleted. */
  forget(id: string): Promise<void>;
  /**
   * Notes that it goes on, until it has `ended`.
   *
   * @param afterMs when it is due for the first time
   * @returns false: there are as many as there may be
   */
  begin(running: RunningObject, afterMs: number): Promise<boolean>;
  /** Null: it does not go on, as far as anybody knows. */
  running(id: string): Promise<RunningObject | null>;
  /** Those that somebody should look at. Each is given to one caller, and to the next after `leaseMs`. */
  due(leaseMs: number, atOnceMax: number): Promise<RunningObject[]>;
  /** It goes on, and is due again then. */
  later(id: string, afterMs: number): Promise<void>;
  ended(id: string): Promise<void>;
  close(): Promise<void>;
};

/** Under which an object is stored: ids of any length take as much room. 128 bits of SHA-256, hexadecimal. */
export function storedKey(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}
