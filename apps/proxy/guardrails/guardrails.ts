/**
 * The guardrails of this installation (docs/design.md, Guardrails): which of them a key's calls are about,
 * and what they share: the thread that looks through bodies, the webhooks, and the room for answers that
 * wait for a verdict.
 *
 * A proxy without guardrails has none of these; a key that none applies to costs one look into a map.
 */
import type { Verdict, Verdicts } from '@tollgate/adapters/webhooks/verdicts.ts';
import { appliesTo, type Guardrail } from '@tollgate/domain/guardrail/guardrail.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import { BodyScanners } from './body-scanners.ts';
import {
  CallGuard,
  type GuardHouse,
  type GuardrailStage,
  type KeyGuardrails,
} from './call-guard.ts';

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
  #asked = 0;
  #heldBytes = 0;

  constructor(options: GuardrailOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.scanners = new BodyScanners(options.limits);
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

  async ask(
    guardrail: Guardrail,
    stage: GuardrailStage,
    id: string,
    body: () => string,
  ): Promise<Verdict> {
    const { webhook, name } = guardrail;
    if (webhook === null) return { kind: 'allow' };
    const verdict = await this.#ask(webhook, id, body);
    this.#options.onVerdict(name, stage, verdict);
    return verdict;
  }

  async #ask(
    { url, secret, timeoutMs }: NonNullable<Guardrail['webhook']>,
    id: string,
    body: () => string,
  ): Promise<Verdict> {
    if (this.#asked >= this.limits.guardrailQuestionsMax) return { kind: 'none', error: 'busy' };
    this.#asked++;
    try {
      const message = { url, secrets: [secret], id, body: body(), atMs: Date.now(), timeoutMs };
      return await this.#options.verdicts.ask(message);
    } catch {
      // A text that is too long to be written once more.
      return { kind: 'none', error: 'too_large' };
    } finally {
      this.#asked--;
    }
  }

  takeRoom(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.limits.judgedBytesMax) return false;
    this.#heldBytes += bytes;
    return true;
  }

  giveRoomBack(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  async close(): Promise<void> {
    await Promise.all([this.scanners.close(), this.#options.verdicts.close()]);
  }
}
