/**
 * What leaves on a client's connection: the head of its answer, the bytes as they come, at the pace at which
 * the client reads them, and the end; and what is held back while another attempt may still answer. It
 * touches the response and nothing else: which attempt's answer it is, and when it may end, its call says.
 *
 * I11: bytes pass as they came.
 */
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import { errorCatalogue, errorHeaders, type Refusal } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { Recorded } from './attempt-end.ts';
import type { CallDeps } from './call-deps.ts';
import { answerFields, answerHeaders } from './headers.ts';
import { HeldBack } from './held-back.ts';
import type { CallFacts } from './refusal.ts';
import { writeWholeHead } from './whole-head.ts';

/** Answers up to this are copied into one write with their head; above it copying costs more. */
export const ONE_WRITE_BYTES_MAX = 16 * 1024;

/** The call that is answered. */
export type Answered = {
  readonly deps: Pick<CallDeps, 'limits'>;
  readonly facts: Pick<CallFacts, 'endpoint' | 'payload'>;
  /** Whose answer it is; undefined: nothing was sent yet. */
  readonly attempt: Attempt | undefined;
  /** If it is not what the attempt's own number says; else null. */
  readonly attemptsStated: number | null;
  readonly isClientGone: boolean;
};

type Room = NonNullable<Parameters<HeldBack['begin']>[2]>;

export class ClientAnswer {
  /** Head of the answer that the running attempt has got. */
  status = 502;
  headers: UpstreamHeaders = {};
  /** Of the answer's body. */
  bytes = 0;
  readonly #call: Answered;
  readonly #response: ServerResponse;
  /** What the running attempt has said so far, and another one may say better; null: nothing waits. */
  readonly #heldBack: HeldBack | null;
  #stallTimer: NodeJS.Timeout | undefined;
  /** Bytes of a body have left, and the head with them. */
  #hasWritten = false;

  /** @param mayHold another attempt may answer instead */
  constructor(call: Answered, response: ServerResponse, mayHold: boolean) {
    this.#call = call;
    this.#response = response;
    this.#heldBack = mayHold ? new HeldBack(call.deps.limits.heldBackBytesMax) : null;
  }

  /** Another attempt begins. */
  clear(): void {
    this.#heldBack?.clear();
    this.headers = {};
  }

  /** The client gets what was kept of an earlier attempt. */
  turnBack(status: number, headers: UpstreamHeaders): void {
    this.status = status;
    this.headers = headers;
    this.#heldBack?.clear();
  }

  /**
   * The head of an answer has come.
   *
   * @param waits its head leaves with its first bytes
   * @param mayGoOn whether another attempt could follow
   * @param room of an answer that is judged as a whole
   */
  begin(
    status: number,
    headers: UpstreamHeaders,
    waits: boolean,
    mayGoOn: boolean,
    room: Room | undefined,
  ): void {
    this.status = status;
    this.headers = headers;
    if (this.#heldBack?.begin(status, mayGoOn, room)) return;
    if (waits) return;
    this.#writeHead();
    // Mostly the first bytes come in the same packet, and leave in one write with it.
    process.nextTick(ClientAnswer.#flushHead, this);
  }

  /** A client learns that its call was taken before the first event comes. */
  static #flushHead(answer: ClientAnswer): void {
    const response = answer.#response;
    if (!answer.#hasWritten && !response.destroyed) response.flushHeaders();
  }

  push(bytes: Buffer): void {
    if (this.#call.isClientGone || bytes.length === 0) return;
    const held = this.#heldBack;
    if (held?.isHolding === true) {
      if (held.push(bytes, this.#call.attempt?.hasToken === true)) return;
      for (const earlier of held.take()) this.#write(earlier);
    } else this.#write(bytes);
    const { limits } = this.#call.deps;
    const response = this.#response;
    if (response.writableLength <= limits.clientBufferBytesMax) return;
    // A slow client slows its provider down; one that reads nothing at all is gone.
    if (this.#stallTimer !== undefined) return;
    this.#call.attempt?.pause();
    this.#stallTimer = setTimeout(() => response.destroy(), limits.clientStallTimeoutMs);
    response.once('drain', () => {
      clearTimeout(this.#stallTimer);
      this.#stallTimer = undefined;
      this.#call.attempt?.resume();
    });
  }

  /** Nothing more comes, or nobody reads it: the client is not hurried. */
  stopWatching(): void {
    clearTimeout(this.#stallTimer);
  }

  #write(bytes: Buffer): void {
    const response = this.#response;
    if (!response.headersSent) this.#writeHead();
    this.#hasWritten = true;
    this.bytes += bytes.length;
    this.#call.facts.payload?.take(bytes);
    response.write(bytes);
  }

  /** What was held back, and then the end of the answer. */
  rest(last: readonly Buffer[]): readonly Buffer[] {
    return this.#heldBack?.before(last) ?? last;
  }

  /** The record is durable: the last bytes may leave. */
  end({ outcome, overheadUs, last: ownLast }: Recorded): void {
    this.#hasWritten = true;
    const response = this.#response;
    const last = this.rest(ownLast);
    const length = last.reduce((sum, bytes) => sum + bytes.length, 0);
    this.bytes += length;
    const { payload } = this.#call.facts;
    if (payload !== undefined) for (const bytes of last) payload.take(bytes);
    if (!response.headersSent) {
      if (!this.#call.isClientGone) {
        writeWholeHead(response, this.status, this.#fields(outcome.cost, overheadUs), length);
      }
      if (length <= ONE_WRITE_BYTES_MAX) {
        // As text of bytes, the body leaves in one write with the head: a system call less.
        const [only] = last;
        const body = last.length === 1 && only !== undefined ? only : Buffer.concat(last, length);
        response.end(body.toString('latin1'), 'latin1');
        return;
      }
    }
    for (const bytes of last) if (bytes.length > 0) response.write(bytes);
    response.end();
  }

  /** An answer that broke off breaks off here too; one that never came is an error of ours. */
  fail(refusal: Refusal, cost: string | null): void {
    this.#hasWritten = true;
    const response = this.#response;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(errorCatalogue[refusal.code].status, {
      ...answerHeaders({}, this.#facts(cost, null)),
      ...errorHeaders(refusal),
    });
    const body = this.#call.facts.endpoint.errorBody(refusal);
    this.bytes = Buffer.byteLength(body);
    response.end(body);
  }

  /** Of an answer whose length is not known. */
  #writeHead(): void {
    if (this.#call.isClientGone || this.#response.headersSent) return;
    this.#response.writeHead(this.status, this.#fields(null, null) as OutgoingHttpHeader[]);
  }

  #fields(cost: string | null, overheadUs: number | null) {
    return answerFields(this.headers, this.#facts(cost, overheadUs));
  }

  #facts(cost: string | null, overheadUs: number | null) {
    const { attempt, attemptsStated } = this.#call;
    const { facts } = attempt as Attempt;
    return { facts, cost, overheadUs, attempts: attemptsStated };
  }
}
