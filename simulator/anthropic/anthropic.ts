/** Anthropic's dialect: messages, the counting of their tokens, which is free, and models. */
import type { IncomingMessage } from 'node:http';
import type { Attempt } from '../calls/attempt.ts';
import type { Answer, Dialect, Found, FreeEndpoint, Json, PaidEndpoint } from '../calls/dialect.ts';
import { planChat, planInputTokens } from '../chat/chat-plan.ts';
import { parseObject, readBody } from '../http/body.ts';
import { sendJson } from '../http/control.ts';
import { ApiError, invalid } from '../http/openai-error.ts';
import { type Knobs, refuseKnobs } from '../knobs/knobs.ts';
import { limits } from '../limits.ts';
import { type Model, models } from '../price-table.ts';
import { messageBody } from './message-json.ts';
import { readMessageRequest, textOfRequest } from './message-request.ts';
import { MessageWriter } from './message-stream.ts';

/** Their names by status: `error.type`. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

export const anthropic: Dialect = {
  authorise({ headers }): void {
    const { authorization = '' } = headers;
    if ((headers['x-api-key'] ?? '') === '' && !/^Bearer \S+$/.test(authorization)) {
      throw new ApiError(401, 'x-api-key header is required');
    }
    if (headers['anthropic-version'] === undefined) {
      throw new ApiError(400, 'anthropic-version: header is required');
    }
  },
  requestIdHeader: 'request-id',
  errorBody({ status, message }, requestId) {
    const type = ERROR_TYPES[status] ?? 'api_error';
    return JSON.stringify({ type: 'error', error: { type, message }, request_id: requestId });
  },
};

/** OpenAI has its models at the same path: a client of Anthropic's says so in a header. */
export function isAnthropic({ headers }: IncomingMessage, path: string): boolean {
  if (path.startsWith('/v1/messages')) return true;
  return path.startsWith('/v1/models') && headers['anthropic-version'] !== undefined;
}

export function findAnthropic(request: IncomingMessage, path: string): Found | undefined {
  const { method } = request;
  if (!isAnthropic(request, path)) return undefined;
  if (method === 'POST') {
    if (path === '/v1/messages') return { dialect: anthropic, paid: messages, pathId: '' };
    if (path !== '/v1/messages/count_tokens') return undefined;
    return { dialect: anthropic, free: countTokens, pathId: '' };
  }
  const listed = /^\/v1\/models(?:\/([^/]+))?$/.exec(path);
  if (method !== 'GET' || listed === null) return undefined;
  return { dialect: anthropic, free: modelList, pathId: listed[1] ?? '' };
}

const messages: PaidEndpoint = {
  name: '/v1/messages',
  reasoningIsOutput: true,
  knobsIn: steeringOf,
  read({ body, bodyBytes }) {
    const request = readMessageRequest(body, modelOf(body['model']));
    const { model, stream: streams } = request;
    const plan = (knobs: Knobs) => {
      refuseKnobs(knobs, ['tool_input_tokens', 'prompt_blocked']);
      const made = planChat(request, knobs, bodyBytes);
      const answer = (attempt: Attempt): Answer =>
        streams
          ? {
              kind: 'stream',
              generation: made,
              writer: new MessageWriter(attempt, made, request),
            }
          : { kind: 'json', body: () => messageBody(attempt, made, request) };
      return { usage: made.usage, answer };
    };
    return { model, streams, plan };
  },
};

/** The real one has one member, `user_id`, which may be null. */
function steeringOf(body: Json): unknown {
  const { metadata } = body;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name.startsWith('sim_')));
}

/** Free of charge, and of no fault. */
const countTokens: FreeEndpoint = {
  async answer(request, response) {
    const bytes = await readBody(request, limits.requestBodyBytesMax);
    const body = parseObject(bytes);
    const model = modelOf(body['model']);
    const { text } = textOfRequest(body);
    const counted = planInputTokens(model, text, {}, bytes.length);
    sendJson(response, 200, JSON.stringify({ input_tokens: counted }));
  },
};

const modelList: FreeEndpoint = {
  answer(_request, response, pathId) {
    if (pathId !== '') return sendJson(response, 200, JSON.stringify(card(modelOf(pathId))));
    const data = [...models.values()].filter(({ endpoint }) => endpoint === 'chat').map(card);
    const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
    sendJson(response, 200, JSON.stringify({ data, has_more: false, ...ends }));
  },
};

function card({ id, contextTokens, outputTokensMax }: Model) {
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
    max_input_tokens: contextTokens,
    max_tokens: outputTokensMax,
  };
}

function modelOf(id: unknown): Model {
  if (typeof id !== 'string') throw invalid('model', 'model: Field required');
  const model = models.get(id);
  if (model === undefined) throw new ApiError(404, `model: ${id.slice(0, 100)}`);
  return model;
}
