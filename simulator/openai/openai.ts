/** OpenAI's own dialect: chat completions, embeddings and models. */
import type { IncomingMessage } from 'node:http';
import type { Dialect, Found, FreeEndpoint, Json, PaidEndpoint } from '../calls/dialect.ts';
import { chatBody } from '../chat/chat-json.ts';
import { planChat } from '../chat/chat-plan.ts';
import { readChatRequest } from '../chat/chat-request.ts';
import { ChatWriter } from '../chat/chat-stream.ts';
import { embeddingsBody, planEmbeddings, readEmbeddingsRequest } from '../embeddings/embeddings.ts';
import { sendJson } from '../http/control.ts';
import { ApiError, invalid } from '../http/openai-error.ts';
import { type Knobs, refuseKnobs } from '../knobs/knobs.ts';
import { type Model, models } from '../price-table.ts';

export const openai: Dialect = {
  /** Any non-empty bearer key will do; it is never stored or shown. */
  authorise(request: IncomingMessage): void {
    if (/^Bearer \S+$/.test(request.headers.authorization ?? '')) return;
    throw new ApiError(
      401,
      "You didn't provide an API key. Use the header 'Authorization: Bearer YOUR_KEY'.",
      'invalid_api_key',
    );
  },
  errorBody: (error) => error.body(),
};

export function findOpenAi(method: string | undefined, path: string): Found | undefined {
  if (method === 'POST' && path === '/v1/chat/completions') return found(chat);
  if (method === 'POST' && path === '/v1/embeddings') return found(embeddings);
  const listed = /^\/v1\/models(?:\/([^/]+))?$/.exec(path);
  if (method !== 'GET' || listed === null) return undefined;
  return { dialect: openai, free: modelList, pathId: listed[1] ?? '' };
}

const found = (paid: PaidEndpoint): Found => ({ dialect: openai, paid, pathId: '' });
const metadataOf = (body: Json): unknown => body['metadata'];

const UNSHOWN = [
  ...(['cache_write_1h_tokens', 'searches', 'tool_input_tokens', 'prompt_blocked'] as const),
];

const chat: PaidEndpoint = {
  name: '/v1/chat/completions',
  knobsIn: metadataOf,
  read({ body, bodyBytes }) {
    const request = readChatRequest(body, openAiModel(body['model']));
    const { model, stream: streams, includeUsage } = request;
    const plan = (knobs: Knobs) => {
      refuseKnobs(knobs, UNSHOWN);
      const made = planChat(request, knobs, bodyBytes);
      return {
        usage: made.usage,
        answer: (attempt: Parameters<typeof chatBody>[0]) =>
          streams
            ? {
                kind: 'stream' as const,
                generation: made,
                writer: new ChatWriter(attempt, made, includeUsage),
              }
            : { kind: 'json' as const, body: () => chatBody(attempt, made) },
      };
    };
    return { model, streams, plan };
  },
};

const embeddings: PaidEndpoint = {
  name: '/v1/embeddings',
  knobsIn: metadataOf,
  read({ body, bodyBytes }) {
    const request = readEmbeddingsRequest(body, openAiModel(body['model']));
    const plan = (knobs: Knobs) => ({
      usage: planEmbeddings(request, knobs, bodyBytes),
      answer: (attempt: Parameters<typeof embeddingsBody>[0]) => ({
        kind: 'json' as const,
        body: () => embeddingsBody(attempt, request),
      }),
    });
    return { model: request.model, streams: false, plan };
  },
};

const modelList: FreeEndpoint = {
  answer(_request, response, pathId) {
    sendJson(response, 200, JSON.stringify(modelsBody(pathId)));
  },
};

function modelsBody(id: string): object {
  const card = (model: Model) => ({
    id: model.id,
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'simulator',
  });
  if (id === '') return { object: 'list', data: [...models.values()].map(card) };
  const model = models.get(id);
  if (model === undefined) {
    throw new ApiError(404, 'The model does not exist.', 'model_not_found', 'model');
  }
  return card(model);
}

/** @throws ApiError where `id` is no model that is sold here */
export function openAiModel(id: unknown): Model {
  if (typeof id !== 'string') throw invalid('model', 'You must provide a model parameter.');
  const model = models.get(id);
  if (model !== undefined) return model;
  const message = `The model '${id.slice(0, 100)}' does not exist.`;
  throw new ApiError(404, message, 'model_not_found', 'model');
}
