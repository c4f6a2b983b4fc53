/**
 * Port: which calls of clients that state an `Idempotency-Key` were begun, and what they were answered
 * (docs/design.md, Idempotency keys). All proxies of an installation share one, so that a call that comes
 * again is not sent again, whichever proxy it reaches.
 *
 * A claim is a lease: who has it says from time to time that it lives. Once the lease is over without an
 * answer, nobody knows whether the call was sent: it is `lost`, and not given to anybody else, until its
 * life is over. Who had it may still finish it: a stopped process can go on.
 *
 * A store that fails throws: then nobody knows whether a call was sent before.
 */

export type Claim = {
  /** SHA-256 of the virtual key's id and of the client's key, hexadecimal. */
  id: string;
  /** The virtual key's id: what it may have is bounded. */
  owner: string;
  /** SHA-256 of what the call asks for, hexadecimal. */
  request: string;
  /** Names this claim: no other one has it. */
  token: string;
  leaseMs: number;
  /** How long the key is remembered, ms, from the first claim. */
  lifeMs: number;
};

export type Claimed =
  /** The caller runs it, and finishes or forgets it. */
  | { kind: 'first' }
  /** Another one runs it. */
  | { kind: 'running' }
  /** It was begun with another request. */
  | { kind: 'mismatch' }
  | { kind: 'lost' }
  | { kind: 'answered'; record: Uint8Array }
  /** The owner, or the store, has as many as it may. */
  | { kind: 'full' };

export type IdempotencyStore = {
  /** Atomic: of many that claim a key at once, one is first. */
  claim(claim: Claim): Promise<Claimed>;
  /** Of a claim that has ended, or is another's: nothing. */
  renew(id: string, token: string, leaseMs: number): Promise<void>;
  /**
   * The answer is kept to the end of the key's life.
   *
   * @returns false: there is no room for so many bytes, and nothing was changed
   */
  finish(id: string, token: string, record: Uint8Array): Promise<boolean>;
  /** Nothing was sent: the key is as if it had never been stated. */
  forget(id: string, token: string): Promise<void>;
  close(): Promise<void>;
};
