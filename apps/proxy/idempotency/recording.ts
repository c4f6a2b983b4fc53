/**
 * One call that stated an `Idempotency-Key`, from its claim to its end (docs/design.md, Idempotency keys).
 * Each of its attempts has a tape. When the call has ended: if nothing was sent that may be billed, the
 * key is forgotten, so that the same call can be tried again; otherwise it is answered from now on by what
 * the call came to, even if that was a failure: it is never sent again.
 */
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import type { AttemptEnding } from '@tollgate/domain/routing/next-step.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { Endpoint } from '../dialects/dialect.ts';
import { type ErrorCode, errorCatalogue, errorHeaders, type Refusal } from '../errors.ts';
import type { AnswerRecord } from './answer-record.ts';

/** What an attempt came to, as far as it matters here. */
export type TapedEnd = {
  ending: AttemptEnding;
  outcome: Pick<AttemptOutcome, 'status' | 'http_status' | 'usage_source' | 'cost'>;
  last: readonly Buffer[];
  blocked: Refusal | null;
};

export type RecordingHouse = {
  readonly answerBytesMax: number;
  /** @returns false: so much more would be too much for this process */
  takeRoom(bytes: number): boolean;
  giveRoomBack(bytes: number): void;
  /** @param record `unsent`: nothing was; null: the answer cannot be given again */
  ended(recording: Recording, record: AnswerRecord | null | 'unsent'): void;
  /** It is not known how it ended: its lease ends, and it is lost. */
  abandoned(recording: Recording): void;
  /** What a client is told of an attempt that brought no answer. */
  failures: Readonly<Record<Exclude<AttemptEnding, 'answered'>, ErrorCode>>;
};

const FREE = '0.000000000000';

export class Recording {
  readonly id: string;
  readonly token: string;
  readonly #house: RecordingHouse;
  readonly #endpoint: Endpoint;
  readonly #callId: string;
  readonly #tapes: Tape[] = [];
  #hasEnded = false;
  /** Which of its attempts the client got the answer of, from 1; null: the last one. */
  #given: number | null = null;

  constructor(
    house: RecordingHouse,
    claim: { id: string; token: string },
    call: { endpoint: Endpoint; callId: string },
  ) {
    this.#house = house;
    this.id = claim.id;
    this.token = claim.token;
    this.#endpoint = call.endpoint;
    this.#callId = call.callId;
  }

  /** Of an attempt that is about to be recorded and sent. */
  tape(): Tape {
    const tape = new Tape(this.#house);
    this.#tapes.push(tape);
    return tape;
  }

  /** The client gets what an earlier attempt has answered, as no better answer came. */
  answeredBy(attempt: number): void {
    this.#given = attempt;
  }

  /** The call has ended, however it did. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const tapes = this.#tapes.splice(0);
    if (tapes.some((tape) => tape.end === null)) this.#house.abandoned(this);
    else this.#house.ended(this, this.#recordOf(tapes));
    for (const tape of tapes) tape.drop();
  }

  #recordOf(tapes: readonly Tape[]): AnswerRecord | null | 'unsent' {
    const tape = this.#given === null ? tapes.at(-1) : tapes[this.#given - 1];
    // seam: what-may-be-billed-is-not-sent-again
    if (tape === undefined || !tapes.some(mayBeBilled)) return 'unsent';
    const { ending, outcome, blocked } = tape.end as TapedEnd;
    if (blocked !== null) return this.#error(blocked);
    if (ending === 'answered') return tape.answer();
    // Its client left, and it was not read to its end.
    if (outcome.status === 'client_closed') return null;
    return this.#error({ code: this.#house.failures[ending] });
  }

  #error(refusal: Refusal): AnswerRecord {
    const headers = {
      ...errorHeaders(refusal),
      'x-tollgate-call-id': this.#callId,
      'x-tollgate-cost': FREE,
    };
    const body = Buffer.from(this.#endpoint.errorBody(refusal));
    return { status: errorCatalogue[refusal.code].status, headers: final(headers), body };
  }
}

type TapeHouse = Pick<RecordingHouse, 'answerBytesMax' | 'takeRoom' | 'giveRoomBack'>;

/** What an attempt's client gets, kept within a bound. */
export class Tape {
  readonly #house: TapeHouse;
  #bytes: Buffer[] = [];
  #length = 0;
  #isTooLarge = false;
  #headers: Readonly<Record<string, string | string[] | number>> = {};
  /** null: it has not ended. */
  end: TapedEnd | null = null;

  constructor(house: TapeHouse) {
    this.#house = house;
  }

  add(bytes: Buffer): void {
    if (this.#isTooLarge) return;
    const { length } = bytes;
    if (this.#length + length > this.#house.answerBytesMax || !this.#house.takeRoom(length)) {
      this.drop();
      this.#isTooLarge = true;
      return;
    }
    this.#length += length;
    this.#bytes.push(bytes);
  }

  /** @param headers that the client gets with an answer */
  ended(end: TapedEnd, headers: Readonly<Record<string, string | string[] | number>>): void {
    this.end = end;
    if (end.ending !== 'answered' || end.blocked !== null) return this.drop();
    for (const bytes of end.last) this.add(bytes);
    this.#headers = headers;
  }

  /** null: it was too large to be kept. */
  answer(): AnswerRecord | null {
    if (this.#isTooLarge) return null;
    const status = this.end?.outcome.http_status ?? 502;
    return { status, headers: final(this.#headers, status), body: Buffer.concat(this.#bytes) };
  }

  drop(): void {
    this.#house.giveRoomBack(this.#length);
    this.#length = 0;
    this.#bytes = [];
  }
}

/** The provider may bill it: it was not known to be unbilled when it was settled. */
function mayBeBilled({ end }: Tape): boolean {
  return end === null || end.outcome.usage_source !== 'none' || end.outcome.cost !== FREE;
}

/** What was true of the first answer alone: a repetition costs nothing, and waits for nothing. */
const OF_THE_FIRST = /^(x-ratelimit-|x-tollgate-(budget-|overhead-)|retry-after|content-length$)/;

function final(
  given: Readonly<Record<string, string | string[] | number | UpstreamHeaders[string]>>,
  status = 500,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || OF_THE_FIRST.test(name)) continue;
    headers[name] = typeof value === 'number' ? String(value) : value;
  }
  headers['x-tollgate-cost'] = FREE;
  // To ask again under this key gives the same.
  if (status >= 400) headers['x-should-retry'] = 'false';
  return headers;
}
