/**
 * Calls that this gateway makes itself, for one of a client: held, recorded, limited and in flight like any
 * other call of its key. Nobody is connected to it: what leaves is gathered.
 */
import { EventEmitter } from 'node:events';
import type { FastifyReply } from 'fastify';
import type { Endpoint } from '../dialects/dialect.ts';
import type { CallFacts } from './refusal.ts';

export type InnerCalls = {
  /**
   * @param of the client's call, whose key and end user it is for
   * @returns the body of its answer; null: it was refused, failed, or is too large
   */
  ask(endpoint: Endpoint, body: Buffer, of: CallFacts): Promise<Buffer | null>;
};

/** Bytes of an answer. */
const ANSWER_BYTES_MAX = 1024 * 1024;
const NO_HEADERS: Readonly<Record<string, string>> = {};

/** As much of a response as a call writes to. */
class GatheredResponse extends EventEmitter {
  readonly #done: (body: Buffer | null) => void;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  /** All that is written is taken. */
  readonly writableLength = 0;
  statusCode = 200;
  headersSent = false;
  writableFinished = false;
  destroyed = false;

  constructor(done: (body: Buffer | null) => void) {
    super();
    this.#done = done;
  }

  writeHead(status: number): this {
    this.statusCode = status;
    this.headersSent = true;
    return this;
  }

  flushHeaders(): void {
    this.headersSent = true;
  }

  write(bytes: Buffer): boolean {
    this.#length += bytes.length;
    if (this.#length <= ANSWER_BYTES_MAX) this.#chunks.push(bytes);
    return true;
  }

  end(body?: Buffer | string, encoding?: BufferEncoding): this {
    if (body !== undefined) this.write(Buffer.from(body as string, encoding));
    this.writableFinished = true;
    const isWhole = this.statusCode === 200 && this.#length <= ANSWER_BYTES_MAX;
    this.#done(isWhole ? Buffer.concat(this.#chunks) : null);
    this.emit('close');
    return this;
  }

  destroy(): this {
    this.destroyed = true;
    this.#done(null);
    return this;
  }
}

/** @returns a reply for a call, and what it comes to */
export function gatheredReply(): { reply: FastifyReply; body: Promise<Buffer | null> } {
  const { promise: body, resolve } = Promise.withResolvers<Buffer | null>();
  const reply = {
    // Its body has come.
    request: { raw: { complete: true, headers: NO_HEADERS } },
    raw: new GatheredResponse(resolve),
    hijack: () => undefined,
    code: () => reply,
    headers: () => reply,
    // Refused, or a defect of ours.
    send: () => {
      resolve(null);
      return reply;
    },
  };
  return { reply: reply as unknown as FastifyReply, body };
}
