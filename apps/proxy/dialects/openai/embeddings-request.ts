/** `POST /v1/embeddings`: input alone, no output, no stream. */
import { embeddingsRequest } from '@tollgate/schemas/openai/requests.ts';
import type { z } from 'zod';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRead,
  CallRequest,
  Endpoint,
  IncomingCall,
  UpstreamRequest,
} from '../dialect.ts';
import { openAnswer } from './answer.ts';
import { errorBody } from './error-body.ts';
import {
  asSent,
  invalidRequest,
  type JsonBody,
  memberText,
  readJsonBody,
  withModel,
} from './json-body.ts';
import { searches } from './searching-models.ts';

const NAME = 'embeddings';
const HEADERS = { accept: 'application/json' };

export const embeddings: Endpoint = {
  method: 'POST',
  path: '/v1/embeddings',
  name: NAME,
  read: readEmbeddingsRequest,
  errorBody,
};

export function readEmbeddingsRequest({ body: bytes }: IncomingCall, depthMax: number): CallRead {
  const read = readJsonBody(bytes, depthMax);
  if (!read.ok) return read;
  const parsed = embeddingsRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  return { ok: true, request: new EmbeddingsCall(read.body, parsed.data) };
}

class EmbeddingsCall implements CallRequest {
  readonly endpoint = NAME;
  readonly model: string;
  readonly stream = false;
  readonly endUser: string | null;
  readonly inputTokensMax: number;
  readonly outputTokensMax = 0;
  readonly answerCount = 1;
  readonly unboundedBy = null;
  readonly #body: JsonBody;

  constructor(body: JsonBody, request: z.infer<typeof embeddingsRequest>) {
    this.#body = body;
    this.model = request.model;
    this.endUser = request.user ?? null;
    this.inputTokensMax = body.tokensMax;
  }

  unboundedModel(model: string): string | null {
    return searches(model);
  }

  upstream(model: string): UpstreamRequest {
    const body = this.#body;
    const text = model === this.model ? body.text : withModel(body, model);
    return { path: '/embeddings', headers: HEADERS, body: asSent(body, text) };
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits): Answer {
    return openAnswer(headers, limits, false);
  }

  inputText(): string {
    return memberText(this.#body, 'input');
  }
}
