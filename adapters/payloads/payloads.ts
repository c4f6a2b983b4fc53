/**
 * Port: what calls of keys that opted in, and their answers, say. A store apart from all others, kept
 * for a time and redacted before it is written. Never the basis of a bill.
 */

/** Why a body is not there. */
export type PayloadNote = 'too_large' | 'not_text' | 'unreadable';

export type PayloadBody = { text: string; note: null } | { text: null; note: PayloadNote };

/** A call that has ended. */
export type PayloadFacts = {
  callId: string;
  keyId: string;
  customerId: string;
  teamId: string | null;
  /** When it was taken, Unix ms. */
  timeMs: number;
  endpoint: string;
  model: string;
  httpStatus: number | null;
};

/** As it comes from a call; null: it was too large. */
export type RawPayload = PayloadFacts & { request: Uint8Array | null; answer: Uint8Array | null };

export type Payload = PayloadFacts & { request: PayloadBody; answer: PayloadBody };

export type PayloadQuery = {
  customerId: string | null;
  keyId: string | null;
  /** The last call of the page before. */
  after: string | null;
  limit: number;
};

export type PayloadStore = {
  /** Newest first, without what they say. @returns null: `after` names nothing */
  list(query: PayloadQuery): Promise<PayloadFacts[] | null>;
  get(callId: string): Promise<Payload | null>;
  /**
   * Deletes what is stored of a customer, and what still comes of calls until now.
   *
   * @returns how many calls it was
   */
  purge(customerId: string, nowMs: number): Promise<number>;
  close(): Promise<void>;
};

export type PayloadLimits = { retentionMs: number; bytesMax: number };
