/**
 * Port: answers that were given before, by the hash of their request (docs/design.md, Cache). Bounded in
 * entries and bytes: what is oldest goes first. A store that fails, or has lost an entry, is a miss and
 * nothing else, so nobody waits for its disk.
 */

import type { NearAnswers } from './near-answers.ts';

export type StoredAnswer = {
  /** SHA-256 of what makes two calls the same, hexadecimal. */
  key: string;
  /** Of the call that it answered, and the model as that call named it: what purges go by. */
  customerId: string;
  model: string;
  /** Revision of the last purge that was known when that call began; -1: none was. */
  purgesSeen: number;
  /** How long it is kept, ms. */
  ttlMs: number;
  value: Uint8Array;
};

/** Which entries. Both are given: those of this customer that are of this model. */
export type PurgeScope = {
  /** null: of every customer. */
  customerId: string | null;
  /** null: of every model. */
  model: string | null;
};

export type AnswerCache = {
  /** The caller gives the value away. @returns when every process finds it, but for the moment of `get` */
  put(answer: StoredAnswer): Promise<void>;
  /**
   * No promise where nothing has to be waited for. What another process stored a moment ago may be missing.
   */
  get(key: string): Uint8Array | null | Promise<Uint8Array | null>;
  /**
   * Removes the bytes of what was stored by calls that began before this purge was known.
   *
   * @param revision of the purge
   * @returns how many entries it removed
   */
  purge(scope: PurgeScope, revision: number): Promise<number>;
  /** Answers by what their questions mean, which purges reach as well. Undefined: this store has none. */
  readonly near?: NearAnswers | undefined;
  close(): Promise<void>;
};
