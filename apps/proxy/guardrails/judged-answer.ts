/**
 * An answer that the guardrails' webhooks judge as a whole before any of it leaves (docs/design.md,
 * Guardrails). Its bytes wait here, within a bound for one answer and one for all. The answer was paid for
 * whether or not they let it pass: its attempt is settled and recorded like every other one, and the event
 * names the guardrail that kept the answer from its client.
 */
import type { Guardrail } from '@tollgate/domain/guardrail/guardrail.ts';
import type { AnswerHeaders } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import { type CallGuard, type GuardHouse, question } from './call-guard.ts';

export type WholeAnswer = {
  callId: string;
  call: { endpoint: string; model: string; endUser: string | null };
  status: number;
  headers: AnswerHeaders;
  /** What the model wrote; null: nobody can say. */
  text: string | null;
};

type Judgement = 'pending' | 'passed' | { refusal: Refusal; note: string };

export class JudgedAnswer {
  readonly #guard: CallGuard;
  readonly #house: GuardHouse;
  readonly #judges: readonly Guardrail[];
  #bytes: Buffer[] = [];
  #length = 0;
  #isTooLarge = false;
  #judgement: Judgement = 'pending';

  constructor(guard: CallGuard, judges: readonly Guardrail[]) {
    this.#guard = guard;
    this.#house = guard.house;
    this.#judges = judges;
  }

  hold(bytes: Buffer): void {
    if (this.#isTooLarge) return;
    const { length } = bytes;
    const { judgedTextBytesMax } = this.#house.limits;
    // seam: held-answer-has-a-bound
    const isAbove = this.#length + length > judgedTextBytesMax;
    if (isAbove || !this.#house.takeRoom(this.#guard.key.customerId, length)) {
      this.drop();
      this.#isTooLarge = true;
      return;
    }
    this.#length += length;
    this.#bytes.push(bytes);
  }

  get isPending(): boolean {
    return this.#judgement === 'pending';
  }

  /** Why the client does not get it; null: it does. */
  get refusal(): Refusal | null {
    return typeof this.#judgement === 'string' ? null : this.#judgement.refusal;
  }

  /** For the event. */
  get note(): string | null {
    return typeof this.#judgement === 'string' ? null : this.#judgement.note;
  }

  /** What was held, for the client. It is held no more. */
  release(): readonly Buffer[] {
    const held = this.refusal === null ? this.#bytes : [];
    this.drop();
    return held;
  }

  drop(): void {
    this.#house.giveRoomBack(this.#guard.key.customerId, this.#length);
    this.#length = 0;
    this.#bytes = [];
  }

  /** Asks about what is held. Resolves when it is decided. */
  async judge(answer: WholeAnswer): Promise<void> {
    for (const guardrail of this.#judges) {
      this.#judgement = await this.#ask(guardrail, answer);
      if (this.#judgement !== 'passed') return;
    }
  }

  async #ask(guardrail: Guardrail, answer: WholeAnswer): Promise<Judgement> {
    // What is not whole cannot be given to the client either.
    if (this.#isTooLarge) return unjudged(guardrail);
    const isOpen = guardrail.webhook?.whenUnavailable === 'open';
    const said = saidBy(answer, this.#bytes);
    if (said === null) return isOpen ? 'passed' : unjudged(guardrail);
    const { key } = this.#guard;
    const { callId, call } = answer;
    const verdict = await this.#house.ask({
      ...{ guardrail, stage: 'answer', customerId: key.customerId },
      id: `${callId}.answer.${guardrail.name}`,
      body: () => question(guardrail, key, call, callId, `"answer":${said}`),
    });
    if (verdict.kind === 'allow') return 'passed';
    if (verdict.kind === 'none') return isOpen ? 'passed' : unjudged(guardrail);
    return blocked(guardrail, verdict.reason);
  }
}

/** What a model has said, and no text. */
const RECORDED = /^\s*(audio|image|video)\/|^\s*application\/octet-stream/i;

/** JSON; null: it is packed or a recording, and nobody here has read it. */
function saidBy({ status, headers, text }: WholeAnswer, held: Buffer[]): string | null {
  const packing = headers['content-encoding'] ?? 'identity';
  if (String(packing).toLowerCase() !== 'identity') return null;
  // seam: recording-is-judged-by-nobody
  if (RECORDED.test(String(headers['content-type'] ?? ''))) return null;
  const body = Buffer.concat(held).toString('utf8');
  return JSON.stringify({ status, content_type: headers['content-type'] ?? null, text, body });
}

function blocked({ name }: Guardrail, reason: string | null): Judgement {
  const refusal: Refusal = { code: 'answer_blocked' };
  if (reason !== null) refusal.message = `The answer was blocked by a guardrail: ${reason}`;
  return { refusal, note: `answer_blocked.${name}` };
}

function unjudged({ name }: Guardrail): Judgement {
  return { refusal: { code: 'answer_unjudged' }, note: `answer_unjudged.${name}` };
}
