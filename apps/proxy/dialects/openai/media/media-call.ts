/**
 * A call for a judgement, pictures, speech or a transcript: how it goes to a provider, and what reads its answer.
 * It takes no output limit, and its answers are neither kept nor judged as a whole.
 */
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import { saysEvents } from '../../../relay/body-kind.ts';
import { formType } from '../../../relay/form-parts.ts';
import { type Edit, withEdits } from '../../../relay/json-scan.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  ImposedLimit,
  Measure,
  RequestFacts,
  UpstreamRequest,
} from '../../dialect.ts';
import { openAnswer } from '../../shared/open-answer.ts';
import { UnkeptCall } from '../../shared/unkept-call.ts';
import { MediaAnswer } from './media-answer.ts';
import type { MediaKind } from './media-kind.ts';
import { MediaStream } from './media-stream.ts';
import { OpaqueAnswer } from './opaque-answer.ts';

const NO_BYTES = Buffer.alloc(0);
const NO_PROMPT: Prompt = { text: '', turns: 0, tools: 0 };

/** What its own dialect knows of a request. */
export type MediaFacts = {
  /** Of a form. */
  boundary?: string;
  /** The body names no model: one is added where it goes to another than this. */
  addsModel?: boolean;
};

export class MediaCall extends UnkeptCall implements CallRequest {
  readonly dialect = 'openai';
  readonly measure: Measure | undefined;
  readonly #kind: MediaKind;
  readonly #own: MediaFacts;

  constructor(kind: MediaKind, facts: RequestFacts) {
    super(facts);
    this.measure = facts.measure;
    this.#kind = kind;
    this.#own = facts.own as MediaFacts;
  }

  outputTokensAt(model: string): number | null {
    return this.#kind.outputTokensAt?.(model, this.facts) ?? null;
  }

  upstream(model: string, _limit: ImposedLimit | null): UpstreamRequest {
    const { boundary } = this.#own;
    const accept = this.stream ? 'text/event-stream' : '*/*';
    const headers: Record<string, string> = { accept };
    if (boundary !== undefined) headers['content-type'] = formType(boundary);
    return { path: this.#kind.path, headers, body: this.#bodyFor(model) };
  }

  #bodyFor(model: string): Buffer {
    if (model === this.model) return this.body;
    const { modelAt } = this.facts;
    const { boundary, addsModel } = this.#own;
    const name = JSON.stringify(model);
    const text = boundary !== undefined ? fieldText(model) : addsModel ? `"model":${name},` : name;
    return withEdits(this.body, [{ ...modelAt, text } satisfies Edit]);
  }

  /** What is no JSON leaves as it comes. */
  streams(headers: AnswerHeaders): boolean {
    return !saysJson(headers);
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits, first = NO_BYTES): Answer {
    const kind = this.#kind;
    // Sound may begin with any bytes: it is not looked at.
    if (!saysJson(headers) && !saysEvents(headers['content-type'])) return new OpaqueAnswer();
    const readers = {
      stream: () => new MediaStream(limits, kind, this.answerCount),
      whole: () => new MediaAnswer(limits, kind),
    };
    return openAnswer(headers, limits, readers, first);
  }

  prompt(): Prompt {
    return NO_PROMPT;
  }

  /** What is sent is no text alone, or costs nothing by its tokens. */
  input(): null {
    return null;
  }
}

/** The name of a model as the value of a field. */
function fieldText(model: string): string {
  if (/[\r\n]/.test(model)) throw new Error('the name of a model has a line end');
  return model;
}

function saysJson(headers: AnswerHeaders): boolean {
  return /^\s*application\/(?:[\w.-]+\+)?json\b/i.test(
    String(headers['content-type'] ?? 'application/json'),
  );
}
