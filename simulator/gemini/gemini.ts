/** Google's dialect: content, streamed as SSE or as a JSON array, counts, embeddings and models. */
import type { Attempt } from '../calls/attempt.ts';
import type { Answer, Dialect, Found, FreeEndpoint, Json, PaidEndpoint } from '../calls/dialect.ts';
import { type ChatPlan, planChat, planInputTokens } from '../chat/chat-plan.ts';
import { parseObject, readBody } from '../http/body.ts';
import { sendJson } from '../http/control.ts';
import { ApiError } from '../http/openai-error.ts';
import { type Knobs, refuseKnobs } from '../knobs/knobs.ts';
import { limits } from '../limits.ts';
import { type Model, models } from '../price-table.ts';
import { isObject } from '../schema/json-schema.ts';
import { contentBody } from './content-json.ts';
import { memberOf, readContentRequest, textOfContents } from './content-request.ts';
import { ContentWriter } from './content-stream.ts';
import { embedContents } from './embed-content.ts';

/** Their names by code: `error.status`. */
const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  529: 'UNAVAILABLE',
};

export const gemini: Dialect = {
  authorise({ headers }, url): void {
    const keys = [headers['x-goog-api-key'], url.searchParams.get('key')];
    const bearer = /^Bearer \S+$/.test(headers.authorization ?? '');
    if (bearer || keys.some((key) => typeof key === 'string' && key !== '')) return;
    throw new ApiError(
      403,
      "Method doesn't allow unregistered callers (callers without established identity). Please use " +
        'API Key or other form of API consumer identity to call this API.',
    );
  },
  errorBody({ status: code, message }) {
    const status = STATUSES[code] ?? 'INTERNAL';
    return JSON.stringify({ error: { code, message, status } }, null, 2);
  },
};

export const isGemini = (path: string): boolean => path.startsWith('/v1beta/');

export function findGemini(method: string | undefined, url: URL): Found | undefined {
  const match = /^\/v1beta\/models(?:\/([^/:]+)(?::([A-Za-z]+))?)?$/.exec(url.pathname);
  if (match === null) return undefined;
  const pathId = decoded(match[1] ?? '');
  const verb = match[2];
  if (method === 'GET' && verb === undefined) return { dialect: gemini, free: modelList, pathId };
  if (method !== 'POST' || verb === undefined) return undefined;
  if (verb === 'countTokens') return { dialect: gemini, free: countTokens, pathId };
  const paid = paidEndpoints.get(verb);
  return paid === undefined ? undefined : { dialect: gemini, paid, pathId };
}

const steeringOf = (body: Json): unknown => body['labels'];

const content = (verb: string, streams: boolean): PaidEndpoint => ({
  name: `/v1beta/models:${verb}`,
  knobsIn: steeringOf,
  read({ body, bodyBytes, pathId, url }) {
    const model = modelOf(pathId);
    const request = readContentRequest(body, model);
    const asArray = url.searchParams.get('alt') !== 'sse';
    const plan = (knobs: Knobs) => {
      refuseKnobs(knobs, ['cache_write_tokens', 'cache_write_1h_tokens']);
      const { made, toolTokens } = planContent(request, knobs, bodyBytes);
      const answer = (attempt: Attempt): Answer =>
        streams
          ? {
              kind: 'stream',
              generation: made,
              writer: new ContentWriter(attempt, made, { ...request, toolTokens }, asArray),
            }
          : { kind: 'json', body: () => contentBody(attempt, made, { ...request, toolTokens }) };
      const { usage } = made;
      return { usage: { ...usage, inputTokens: usage.inputTokens + toolTokens }, answer };
    };
    return { model, streams, serviceTier: request.serviceTier, plan };
  },
});

/** What tools gave the model to read is next to the prompt, and billed as it is. */
function planContent(
  request: ReturnType<typeof readContentRequest>,
  knobs: Knobs,
  bodyBytes: number,
): { made: ChatPlan; toolTokens: number } {
  if (knobs.prompt_blocked !== true) {
    const toolTokens = knobs.tool_input_tokens ?? request.toolTokens;
    return { made: planChat(request, knobs, bodyBytes), toolTokens };
  }
  const silent = { ...knobs, output_tokens: 0, reasoning_tokens: 0, searches: 0 };
  return { made: planChat(request, silent, bodyBytes), toolTokens: 0 };
}

const embedding = (verb: 'embedContent' | 'batchEmbedContents'): PaidEndpoint => ({
  name: `/v1beta/models:${verb}`,
  knobsIn: steeringOf,
  read: ({ body, bodyBytes, pathId }) =>
    embedContents(body, modelOf(pathId), verb === 'batchEmbedContents', bodyBytes),
});

const paidEndpoints: ReadonlyMap<string, PaidEndpoint> = new Map([
  ['generateContent', content('generateContent', false)],
  ['streamGenerateContent', content('streamGenerateContent', true)],
  ['embedContent', embedding('embedContent')],
  ['batchEmbedContents', embedding('batchEmbedContents')],
]);

/** Free of charge, and of no fault. */
const countTokens: FreeEndpoint = {
  async answer(request, response, pathId) {
    const bytes = await readBody(request, limits.requestBodyBytesMax);
    const body = parseObject(bytes);
    const whole = memberOf(body, 'generateContentRequest');
    const text = textOfContents(isObject(whole) ? whole : body);
    const totalTokens = planInputTokens(modelOf(pathId), text, {}, bytes.length);
    const promptTokensDetails = [{ modality: 'TEXT', tokenCount: totalTokens }];
    sendJson(response, 200, JSON.stringify({ totalTokens, promptTokensDetails }));
  },
};

const modelList: FreeEndpoint = {
  answer(_request, response, pathId) {
    const shown =
      pathId === '' ? { models: [...models.values()].map(card) } : card(modelOf(pathId));
    sendJson(response, 200, JSON.stringify(shown));
  },
};

function card({ id, contextTokens, outputTokensMax, endpoint, reasons }: Model) {
  const chats = ['generateContent', 'countTokens'];
  const embeds = ['embedContent', 'countTokens'];
  return {
    ...{ name: `models/${id}`, version: '001', displayName: id, description: 'Simulated.' },
    ...{ inputTokenLimit: contextTokens, outputTokenLimit: outputTokensMax, thinking: reasons },
    supportedGenerationMethods: endpoint === 'chat' ? chats : embeds,
  };
}

function modelOf(id: string): Model {
  const model = models.get(id);
  if (model !== undefined) return model;
  const message = `models/${id.slice(0, 100)} is not found for API version v1beta`;
  throw new ApiError(404, `${message}, or is not supported for generateContent.`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    return text;
  }
}
