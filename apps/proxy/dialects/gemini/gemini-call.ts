/** A call of Gemini's dialect: how it goes to a provider, and what reads its answer. */
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { GeminiAsked } from '@tollgate/domain/usage/gemini-usage.ts';
import { saysEvents } from '../../relay/body-kind.ts';
import { type Edit, type Member, withEdits } from '../../relay/json-scan.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  ImposedLimit,
  InputTokens,
  RequestFacts,
  UpstreamRequest,
} from '../dialect.ts';
import { openAnswer } from '../shared/open-answer.ts';
import { UnkeptCall } from '../shared/unkept-call.ts';
import type { AnswerAsked } from './answer-parts.ts';
import { memberNamed, membersWithin } from './body.ts';
import { listed } from './bounds.ts';
import { promptOf } from './prompt.ts';
import { GeminiStream } from './stream-answer.ts';
import { GeminiAnswer } from './whole-answer.ts';

const NO_BYTES = Buffer.alloc(0);
/** A larger body is not read again for an estimate: that would stop all other calls. */
const ESTIMATED_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** What of a request its answer is read by. */
export type GeminiFacts = Omit<GeminiAsked, 'generates'> & {
  asEvents: boolean;
  /** The provider may search for it. */
  searches: boolean;
};

export class GeminiCall extends UnkeptCall implements CallRequest {
  readonly dialect = 'gemini';
  readonly #asked: GeminiFacts;

  constructor(facts: RequestFacts) {
    super(facts);
    this.#asked = facts.own as GeminiFacts;
  }

  upstream(model: string, limit: ImposedLimit | null): UpstreamRequest {
    const { asEvents } = this.#asked;
    const headers = { accept: asEvents ? 'text/event-stream' : 'application/json' };
    const path = `/models/${encodeURIComponent(model)}:${this.endpoint}${asEvents ? '?alt=sse' : ''}`;
    return { path, headers, body: this.#bodyFor(model, limit), auth: 'x-goog-api-key' };
  }

  #bodyFor(model: string, limit: ImposedLimit | null): Buffer {
    const edits: Edit[] = model === this.model ? [] : this.#modelEdits(model);
    if (limit !== null) edits.push(this.#limitEdit(limit));
    return edits.length === 0 ? this.body : withEdits(this.body, edits);
  }

  /** Where the body names the model of the path once more. */
  #modelEdits(model: string): Edit[] {
    const { body, members } = this.facts;
    const text = JSON.stringify(`models/${model}`);
    const edits: Edit[] = members
      .filter(
        ({ name, start, end }) => name === 'model' && body.toString('utf8', start, end) !== 'null',
      )
      .map(({ start, end }) => ({ start, end, text }));
    const requests = memberNamed(members, 'requests');
    if (requests !== undefined) edits.push(this.#requestsEdit(requests, `models/${model}`));
    return edits;
  }

  #requestsEdit({ start, end }: Member, model: string): Edit {
    const all = JSON.parse(this.body.toString('utf8', start, end)) as { model?: unknown }[];
    const named = all.map((request) => (request.model == null ? request : { ...request, model }));
    return { start, end, text: JSON.stringify(named) };
  }

  #limitEdit({ tokens }: ImposedLimit): Edit {
    const { body, members } = this.facts;
    const settings = memberNamed(members, 'generationConfig');
    if (settings === undefined || body.toString('utf8', settings.start, settings.end) === 'null') {
      return settings === undefined
        ? added(body.indexOf('{'), `"generationConfig":{"maxOutputTokens":${tokens}},`)
        : { ...rangeOf(settings), text: `{"maxOutputTokens":${tokens}}` };
    }
    const within = membersWithin(body, settings);
    const stated = memberNamed(within, 'maxOutputTokens');
    if (stated === undefined) {
      const comma = within.length > 0 ? ',' : '';
      return added(settings.start, `"maxOutputTokens":${tokens}${comma}`);
    }
    const before = Number(JSON.parse(body.toString('utf8', stated.start, stated.end)) ?? tokens);
    // seam: gemini-clamp-is-below-the-stated-limit
    return { ...rangeOf(stated), text: String(Math.min(tokens, before)) };
  }

  /** An array comes in its parts too, though its head does not say so. */
  streams(headers: AnswerHeaders): boolean {
    return this.stream || saysEvents(headers['content-type']);
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits, first = NO_BYTES): Answer {
    const { answerCount } = this;
    const asked: AnswerAsked = { generates: this.outputTokensMax !== 0, ...this.#asked };
    const streamOf = (form: 'events' | 'array') =>
      new GeminiStream(limits, asked, answerCount, form);
    const isArray = this.stream && !this.#asked.asEvents;
    const readers = {
      stream: () => streamOf('events'),
      whole: () => (isArray ? streamOf('array') : new GeminiAnswer(limits, asked)),
    };
    return openAnswer(headers, limits, readers, first);
  }

  prompt(): Prompt {
    return promptOf(this.body, this.facts.members);
  }

  /** Of vectors, whose usage Google does not always state; what generates is unknown if it says nothing. */
  input(): InputTokens | null {
    const { body, outputTokensMax, unboundedBy } = this;
    if (outputTokensMax !== 0 || unboundedBy !== null) return null;
    if (body.length > ESTIMATED_BODY_BYTES_MAX) return null;
    const request = JSON.parse(body.toString()) as Embedded;
    const texts = (request.requests ?? [request]).flatMap(({ content }) =>
      listed(content?.parts).map((part) => (part as { text?: unknown }).text),
    );
    return { text: texts.filter((text) => typeof text === 'string').join('\n'), ids: 0 };
  }
}

type Embedded = { content?: { parts?: unknown }; requests?: Embedded[] };

/** The first member of the object that begins at `at`. */
function added(at: number, text: string): Edit {
  return { start: at + 1, end: at + 1, text };
}

function rangeOf({ start, end }: Member): { start: number; end: number } {
  return { start, end };
}
