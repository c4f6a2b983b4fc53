/** OpenAI's Responses: made, streamed, or generated in the background; retrieved, cancelled, counted. */
import type { Attempt } from '../calls/attempt.ts';
import type { Answer, Found, FreeEndpoint, Job, PaidEndpoint } from '../calls/dialect.ts';
import { type ChatPlan, planChat, planInputTokens } from '../chat/chat-plan.ts';
import { parseObject, readBody } from '../http/body.ts';
import { sendJson } from '../http/control.ts';
import { ApiError, invalid } from '../http/openai-error.ts';
import { type Knobs, refuseKnobs } from '../knobs/knobs.ts';
import { limits } from '../limits.ts';
import { openAiModel, openai } from '../openai/openai.ts';
import { emptyBody, idOf, responseBody, responseUsage } from './response-json.ts';
import { type ResponseRequest, readResponseRequest, textOfInput } from './response-request.ts';
import { ResponseStore } from './response-store.ts';
import { ResponseWriter } from './response-stream.ts';

const store = new ResponseStore();

const UNSHOWN = ['cache_write_1h_tokens', 'tool_input_tokens', 'prompt_blocked'] as const;

const responses: PaidEndpoint = {
  name: '/v1/responses',
  knobsIn: (body) => body['metadata'],
  read({ body, bodyBytes }) {
    const model = openAiModel(body['model']);
    const earlier = earlierText(body['previous_response_id']);
    const request = readResponseRequest(body, model, earlier);
    const readable = bodyBytes + Buffer.byteLength(earlier);
    const plan = (knobs: Knobs) => {
      refuseKnobs(knobs, UNSHOWN);
      const made = planChat(request, knobs, readable);
      return { usage: made.usage, answer: (attempt: Attempt) => answer(attempt, made, request) };
    };
    const { serviceTier, stream: streams } = request;
    return { model, streams, serviceTier, plan };
  },
};

function answer(attempt: Attempt, plan: ChatPlan, request: ResponseRequest): Answer {
  const keep = (body: string): string => {
    const text = textWith(plan, request);
    if (request.store) store.set(idOf(attempt, 'resp'), { body, text });
    return body;
  };
  const whole = () => keep(responseBody(attempt, plan, request));
  if (request.stream) {
    const writer = new ResponseWriter(attempt, plan, request, whole);
    return { kind: 'stream', generation: plan, writer };
  }
  return request.background ? unattended(attempt, plan, request) : { kind: 'json', body: whole };
}

function unattended(attempt: Attempt, plan: ChatPlan, request: ResponseRequest): Answer {
  const id = idOf(attempt, 'resp');
  const cancelling = new AbortController();
  const ended = Promise.withResolvers<void>();
  const job: Job = {
    cancelled: cancelling.signal,
    end(how, { reasoning: reasoningTokens, output: outputTokens }) {
      const soFar = responseUsage({ ...plan.usage, reasoningTokens, outputTokens });
      if (how === 'completed') store.update(id, responseBody(attempt, plan, request));
      else store.update(id, emptyBody(attempt, request, how, how === 'failed' ? soFar : null));
      ended.resolve();
    },
  };
  const cancel = () => {
    cancelling.abort();
    return ended.promise;
  };
  const accepted = emptyBody(attempt, request, 'queued', null);
  store.set(id, { body: accepted, text: textWith(plan, request), cancel });
  return { kind: 'background', accepted, job };
}

function textWith({ reply, outputTokensPerChoice }: ChatPlan, { text }: ResponseRequest): string {
  return `${text}\n${reply.text(0, outputTokensPerChoice, 0)}`;
}

function earlierText(id: unknown): string {
  if (id === undefined || id === null) return '';
  const known = typeof id === 'string' ? store.get(id) : undefined;
  if (known !== undefined) return known.text;
  const message = `Previous response with id '${String(id).slice(0, 100)}' not found.`;
  throw invalid('previous_response_id', message, 'previous_response_not_found');
}

/** Free of charge, and of no fault. */
const countInput: FreeEndpoint = {
  async answer(request, response) {
    const bytes = await readBody(request, limits.requestBodyBytesMax);
    const body = parseObject(bytes);
    const model = openAiModel(body['model']);
    const counted = planInputTokens(model, textOfInput(body), {}, bytes.length);
    const shown = { object: 'response.input_tokens', input_tokens: counted };
    sendJson(response, 200, JSON.stringify(shown));
  },
};

const retrieve: FreeEndpoint = {
  answer: (_request, response, id) => sendJson(response, 200, known(id).body),
};

const cancel: FreeEndpoint = {
  async answer(_request, response, id) {
    const stored = known(id);
    if (stored.cancel === undefined) {
      throw invalid('response_id', 'Cannot cancel a synchronous response.');
    }
    await stored.cancel();
    sendJson(response, 200, stored.body);
  },
};

const remove: FreeEndpoint = {
  answer(_request, response, id) {
    known(id);
    store.delete(id);
    sendJson(response, 200, JSON.stringify({ id, object: 'response', deleted: true }));
  },
};

function known(id: string) {
  const response = store.get(id);
  if (response !== undefined) return response;
  throw new ApiError(404, `Response with id '${id.slice(0, 100)}' not found.`, null, 'id');
}

export function findResponses(method: string | undefined, path: string): Found | undefined {
  if (path === '/v1/responses') {
    return method === 'POST' ? { dialect: openai, paid: responses, pathId: '' } : undefined;
  }
  if (method === 'POST' && path === '/v1/responses/input_tokens') return free(countInput, '');
  const match = /^\/v1\/responses\/([\w-]+)(\/cancel)?$/.exec(path);
  if (match === null) return undefined;
  const id = match[1] ?? '';
  if (match[2] !== undefined) return method === 'POST' ? free(cancel, id) : undefined;
  if (method === 'GET') return free(retrieve, id);
  return method === 'DELETE' ? free(remove, id) : undefined;
}

function free(endpoint: FreeEndpoint, pathId: string): Found {
  return { dialect: openai, free: endpoint, pathId };
}
