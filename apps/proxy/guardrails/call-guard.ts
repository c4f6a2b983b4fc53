/**
 * The guardrails of one call, in the order of the configuration: first what its bytes say, then what it
 * states, then its webhooks. Nothing is held, recorded or sent before all of them let it pass: a refusal
 * costs nothing.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { Verdict } from '@tollgate/adapters/webhooks/verdicts.ts';
import {
  cappedBytes,
  cappedTokens,
  type Guardrail,
  missingOf,
} from '@tollgate/domain/guardrail/guardrail.ts';
import type { CallTarget, Endpoint, RequestFacts } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import type { BodyScanners } from './body-scanners.ts';

export type GuardrailStage = 'request' | 'answer';

/** To a guardrail's webhook. */
export type Question = {
  guardrail: Guardrail;
  stage: GuardrailStage;
  id: string;
  /** Whose turn it takes. */
  customerId: string;
  /** JSON. */
  body: () => string;
};

/** What all calls share. */
export type GuardHouse = {
  readonly limits: ProxyLimits;
  readonly scanners: BodyScanners;
  ask(question: Question): Promise<Verdict>;
  /** @returns false: so much more would be too much, of this customer or for this process */
  takeRoom(customerId: string, bytes: number): boolean;
  giveRoomBack(customerId: string, bytes: number): void;
};

/** What applies to the calls of one key. */
export type KeyGuardrails = {
  all: readonly Guardrail[];
  /** Nothing of an answer leaves before it was judged. */
  judgesAnswers: boolean;
};

export class CallGuard {
  readonly house: GuardHouse;
  readonly key: KeyView;
  readonly #rails: KeyGuardrails;
  /** Pieces of personal data that were replaced in the request. */
  redactions = 0;

  constructor(house: GuardHouse, rails: KeyGuardrails, key: KeyView) {
    this.house = house;
    this.key = key;
    this.#rails = rails;
  }

  /** Those whose webhooks are asked about the answer. */
  get judges(): readonly Guardrail[] {
    if (!this.#rails.judgesAnswers) return NONE;
    return this.#rails.all.filter(({ webhook }) => webhook?.onAnswer === true);
  }

  /** @returns the body that the call goes on with */
  async body(endpoint: Endpoint, body: Buffer, target?: CallTarget): Promise<Buffer | Refusal> {
    const { all } = this.#rails;
    const cap = cappedBytes(all, body.length);
    if (cap !== null) {
      const message = `A request of this key may have ${cap} bytes; this one has ${body.length}.`;
      return { code: 'request_over_cap', message };
    }
    let rest = body;
    for (const guardrail of all) {
      const { deny, redact } = guardrail;
      if (deny.length === 0 && redact.length === 0) continue;
      const scanned = await this.#scan(endpoint, rest, guardrail, target?.boundary);
      if (scanned === null) return unavailable(guardrail);
      if ('denied' in scanned) return denied(guardrail, scanned.denied);
      this.redactions += scanned.redactions;
      rest = scanned.body as Buffer;
    }
    // What takes the place of a text may be longer than the text.
    const { formBodyBytesMax, requestBodyBytesMax } = this.house.limits;
    const bytesMax = target?.boundary === undefined ? requestBodyBytesMax : formBodyBytesMax;
    if (rest.length > bytesMax) return { code: 'request_too_large' };
    return rest;
  }

  /** @param facts of the body that `body` returned */
  async request(
    facts: RequestFacts,
    endpoint: Endpoint,
    headers: IncomingHttpHeaders,
    callId: string,
  ): Promise<Refusal | null> {
    const { all } = this.#rails;
    const { endUser, outputTokensMax } = facts;
    const metadata = () => metadataOf(facts, endpoint);
    const stated = { headers, metadata, endUser, outputTokensMax };
    for (const guardrail of all) {
      const missing = missingOf(guardrail, this.key, stated);
      if (missing !== null) return lacks(guardrail, missing);
    }
    const cap = cappedTokens(all, outputTokensMax);
    if (cap !== null) {
      const message = `A call of this key must state an output limit of at most ${cap} tokens, over all its answers.`;
      return { code: 'output_over_cap', message };
    }
    for (const guardrail of all) {
      if (guardrail.webhook?.onRequest !== true) continue;
      const refusal = await this.#askAbout(guardrail, facts, callId);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  #scan(endpoint: Endpoint, body: Buffer, { deny, redact }: Guardrail, boundary?: string) {
    const { scanners, limits } = this.house;
    const { identifiers } = endpoint.guarded;
    const depthMax = limits.requestDepthMax;
    const order = { body, rules: { deny, redact }, identifiers, depthMax, boundary };
    return scanners.scan(order, this.key.customerId);
  }

  async #askAbout(guardrail: Guardrail, facts: RequestFacts, callId: string) {
    const told = facts.told?.length ?? facts.body.length;
    const isTooLarge = told > this.house.limits.judgedTextBytesMax;
    const verdict = isTooLarge
      ? { kind: 'none' as const, error: 'too_large' }
      : await this.house.ask({
          ...{ guardrail, stage: 'request', customerId: this.key.customerId },
          id: `${callId}.request.${guardrail.name}`,
          body: () =>
            question(guardrail, this.key, facts, callId, `"request":${facts.told ?? facts.body}`),
        });
    if (verdict.kind === 'allow') return null;
    if (verdict.kind === 'deny') return denied(guardrail, 'webhook', verdict.reason);
    return guardrail.webhook?.whenUnavailable === 'open' ? null : unavailable(guardrail);
  }
}

const NONE: readonly Guardrail[] = [];

/** JSON of a question to a webhook. @param about the last member of its `data` */
export function question(
  { name }: Guardrail,
  key: KeyView,
  call: { endpoint: string; model: string; endUser: string | null },
  callId: string,
  about: string,
): string {
  const data = JSON.stringify({
    guardrail: name,
    call_id: callId,
    customer_id: key.customerId,
    team_id: key.teamId,
    key_id: key.keyId,
    environment: key.environment,
    end_user: call.endUser,
    endpoint: call.endpoint,
    model: call.model,
  });
  const type = about.startsWith('"request"') ? 'guardrail.request' : 'guardrail.answer';
  const timestamp = new Date().toISOString();
  return `{"type":"${type}","timestamp":"${timestamp}","data":${data.slice(0, -1)},${about}}}`;
}

function denied({ name }: Guardrail, rule: string, reason: string | null = null): Refusal {
  const refusal: Refusal = { code: 'request_blocked', refusedBy: by(name, rule) };
  if (reason !== null) refusal.message = `The request was blocked by a guardrail: ${reason}`;
  return refusal;
}

function lacks({ name }: Guardrail, missing: { what: string; param: string | null }): Refusal {
  const message = `Calls of this key must have ${missing.what}.`;
  const refusedBy = by(name, 'require');
  const { param } = missing;
  return { code: 'metadata_required', message, refusedBy, ...(param === null ? {} : { param }) };
}

function unavailable({ name }: Guardrail): Refusal {
  return { code: 'guardrail_unavailable', refusedBy: by(name, 'unavailable') };
}

/** For the event: whose rule it was, which clients are not told. */
function by(guardrail: string, rule: string) {
  return { kind: 'guardrail' as const, guardrail, rule };
}

function metadataOf(facts: RequestFacts, { guarded }: Endpoint): Record<string, unknown> {
  if (facts.told !== undefined) return {};
  const member = facts.members.find(({ name }) => name === guarded.metadata);
  if (member === undefined) return {};
  const stated: unknown = JSON.parse(facts.body.toString('utf8', member.start, member.end));
  return typeof stated === 'object' && stated !== null ? (stated as Record<string, unknown>) : {};
}
