/**
 * The guardrails of this installation (docs/design.md, Guardrails): which of them a key's calls are about,
 * and what they share: the thread that looks through bodies, the webhooks, and the room for answers that
 * wait for a verdict.
 *
 * A proxy without guardrails has none of these; a key that none applies to costs one look into a map.
 */
import type { Verdict, Verdicts } from '@tollgate/adapters/webhooks/verdicts.ts';
import {
  appliesTo,
  type Guardrail,
  type GuardrailWebhook,
} from '@tollgate/domain/guardrail/guardrail.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import { BodyScanners } from './body-scanners.ts';
import {
  CallGuard,
  type GuardHouse,
  type GuardrailStage,
  type KeyGuardrails,
  type Question,
} from './call-guard.ts';
import { FairRoom } from './fair-room.ts';
import { WebhookTurns } from './webhook-turns.ts';

export type GuardrailOptions = {
  guardrails: readonly Guardrail[];
  limits: ProxyLimits;
  verdicts: Verdicts;
  /** Of each question to a webhook. */
  onVerdict: (guardrail: string, stage: GuardrailStage, verdict: Verdict) => void;
};

export class Guardrails implements GuardHouse {
  readonly limits: ProxyLimits;
  readonly scanners: BodyScanners;
  readonly #options: GuardrailOptions;
  /** A key whose settings change is another object. */
  readonly #ofKeys = new WeakMap<KeyView, KeyGuardrails | null>();
  readonly #turns: WebhookTurns;
  readonly #held: FairRoom;

  constructor(options: GuardrailOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.scanners = new BodyScanners(options.limits);
    this.#turns = new WebhookTurns(options.limits);
    this.#held = new FairRoom(options.limits.judgedBytesMax);
  }

  /** @returns null: none applies to the calls of this key */
  guardOf(key: KeyView): CallGuard | null {
    let found = this.#ofKeys.get(key);
    if (found === undefined) {
      const all = this.#options.guardrails.filter((guardrail) => appliesTo(guardrail, key));
      const judgesAnswers = all.some(({ webhook }) => webhook?.onAnswer === true);
      found = all.length === 0 ? null : { all, judgesAnswers };
      this.#ofKeys.set(key, found);
    }
    return found === null ? null : new CallGuard(this, found, key);
  }

  async ask(question: Question): Promise<Verdict> {
    const { webhook, name } = question.guardrail;
    if (webhook === null) return { kind: 'allow' };
    const verdict = await this.#turns.ask(webhook, question.customerId, (leftMs) =>
      this.#ask(webhook, question, leftMs),
    );
    this.#options.onVerdict(name, question.stage, verdict);
    return verdict;
  }

  async #ask(
    { url, secret }: GuardrailWebhook,
    { id, body }: Question,
    timeoutMs: number,
  ): Promise<Verdict> {
    try {
      const message = { url, secrets: [secret], id, body: body(), atMs: Date.now(), timeoutMs };
      return await this.#options.verdicts.ask(message);
    } catch {
      // A text that is too long to be written once more.
      return { kind: 'none', error: 'too_large' };
    }
  }

  takeRoom(customerId: string, bytes: number): boolean {
    return this.#held.take(customerId, bytes);
  }

  giveRoomBack(customerId: string, bytes: number): void {
    this.#held.giveBack(customerId, bytes);
  }

  async close(): Promise<void> {
    await Promise.all([this.scanners.close(), this.#options.verdicts.close()]);
  }
}
