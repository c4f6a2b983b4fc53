/** Reads the body of `POST /v1/messages` as far as counting and answering need it. */
import type { Json } from '../calls/dialect.ts';
import type { AnswerRequest, CacheShares } from '../chat/chat-plan.ts';
import { CHARS_PER_TOKEN } from '../chat/chat-text.ts';
import { closest, type ReplyForm, type Tool } from '../chat/reply-form.ts';
import { invalid } from '../http/openai-error.ts';
import { limits } from '../limits.ts';
import type { Model } from '../price-table.ts';
import { isObject } from '../schema/json-schema.ts';
import { cacheRule, type Mark } from './cache-marks.ts';

export type MessageRequest = AnswerRequest & {
  readonly stream: boolean;
  /** The thinking is shown; otherwise its block has a signature alone. */
  readonly showsThinking: boolean;
  readonly cached: (inputTotal: number) => CacheShares;
};

/** Everything that the model reads, and where in it the request marks the end of a cached part. */
type Read = { readonly text: string; readonly marks: readonly Mark[] };

const THINKING_TOKENS_MIN = 1_024;

/** @throws ApiError, Anthropic's 400, for what it would refuse */
export function readMessageRequest(body: Json, model: Model): MessageRequest {
  if (model.endpoint !== 'chat') throw invalid('model', 'model: not a model for messages');
  const outputTokensMax = readLimit(body, model);
  const { text, marks } = textOfRequest(body);
  const messages = body['messages'] as readonly unknown[];
  const result = lastResult(messages);
  const tools = listOf(body, 'tools');
  const isContinued = messages.some((each) => isObject(each) && each['role'] === 'assistant');
  return {
    ...{ model, text, choices: 1, outputTokensMax },
    stream: body['stream'] === true,
    form: formOf(body, tools, result, messages),
    ...readThinking(body, outputTokensMax),
    cached: cacheRule(text.length / CHARS_PER_TOKEN, marks, isContinued),
    searches: result === undefined ? searchesOf(tools) : 0,
  };
}

/** @throws ApiError for messages that are none */
export function textOfRequest(body: Json): Read {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalid('messages', 'messages: at least one message is required');
  }
  const parts: string[] = [];
  const marks: Mark[] = [];
  let chars = 0;
  const add = (part: unknown, text: string) => {
    parts.push(text);
    chars += text.length + 1;
    const mark = isObject(part) ? part['cache_control'] : undefined;
    if (isObject(mark))
      marks.push({ tokens: chars / CHARS_PER_TOKEN, forHour: mark['ttl'] === '1h' });
  };
  for (const tool of listOf(body, 'tools')) add(tool, JSON.stringify(tool));
  for (const part of partsOf(body['system'])) add(part, textOf(part));
  messages.forEach((message, index) => {
    if (!isObject(message) || (message['role'] !== 'user' && message['role'] !== 'assistant')) {
      throw invalid('messages', `messages.${index}.role: Input should be 'user' or 'assistant'`);
    }
    for (const part of partsOf(message['content'])) add(part, textOf(part));
  });
  const format = schemaOf(body);
  if (format !== undefined) add(format, JSON.stringify(format));
  // Marks the end of the last part, as the request's own `cache_control` does.
  if (isObject(body['cache_control'])) add(body, '');
  return { text: parts.join('\n'), marks };
}

function readLimit(body: Json, model: Model): number {
  const limit = body['max_tokens'];
  if (limit === undefined) throw invalid('max_tokens', 'max_tokens: Field required');
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw invalid('max_tokens', 'max_tokens: Input should be greater than or equal to 1');
  }
  if (limit > model.outputTokensMax) {
    const most = `${limit} > ${model.outputTokensMax}`;
    throw invalid(
      'max_tokens',
      `max_tokens: ${most}, which is the maximum allowed number of output tokens for ${model.id}`,
    );
  }
  return limit;
}

function readThinking(body: Json, outputTokensMax: number) {
  const thinking = isObject(body['thinking']) ? body['thinking'] : {};
  const { type, display } = thinking;
  const showsThinking = display !== 'omitted';
  if (type === 'adaptive') return { reasons: true, showsThinking };
  if (type !== 'enabled') return { reasons: false, showsThinking };
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number' || budget < THINKING_TOKENS_MIN) {
    const least = `Input should be greater than or equal to ${THINKING_TOKENS_MIN}`;
    throw invalid('thinking', `thinking.enabled.budget_tokens: ${least}`);
  }
  if (budget >= outputTokensMax) {
    throw invalid('max_tokens', '`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
  return { reasons: true, showsThinking };
}

function formOf(
  body: Json,
  tools: readonly unknown[],
  result: string | undefined,
  messages: readonly unknown[],
): ReplyForm {
  const tool = result === undefined ? calledTool(body, tools, messages) : undefined;
  if (tool !== undefined) return { kind: 'call', tool, isForced: false };
  const schema = schemaOf(body);
  if (schema !== undefined) return { kind: 'json', schema, place: 'output_config.format.schema' };
  return result === undefined ? { kind: 'words' } : { kind: 'result', result };
}

/** `output_config.format`, and `output_format` as it was called in the beta. */
function schemaOf(body: Json): unknown {
  const config = isObject(body['output_config']) ? body['output_config'] : {};
  const format = config['format'] ?? body['output_format'];
  return isObject(format) && format['type'] === 'json_schema' ? format['schema'] : undefined;
}

function calledTool(
  body: Json,
  tools: readonly unknown[],
  messages: readonly unknown[],
): Tool | undefined {
  const choice = isObject(body['tool_choice']) ? body['tool_choice'] : {};
  if (choice['type'] === 'none') return undefined;
  const all = tools.flatMap(readTool);
  const named = choice['type'] === 'tool' ? all.filter((t) => t.name === choice['name']) : all;
  const last = messages.at(-1);
  const asked = partsOf(isObject(last) ? last['content'] : undefined)
    .map(textOf)
    .join('\n');
  const tool = closest(named, asked);
  if (tool === undefined && (choice['type'] === 'tool' || choice['type'] === 'any')) {
    throw invalid('tool_choice', 'tool_choice: no such tool is in tools');
  }
  return tool;
}

/** What has no schema is a tool of the provider, or one of its own making: it is not called. */
function readTool(tool: unknown, index: number): Tool[] {
  if (!isObject(tool) || typeof tool['name'] !== 'string') return [];
  const { name, type, input_schema: parameters } = tool;
  if (type !== undefined && type !== null && type !== 'custom') return [];
  return [{ kind: 'function', name, parameters, place: `tools.${index}.custom.input_schema` }];
}

/** One search where the request offers it, unless `max_uses` forbids it. */
function searchesOf(tools: readonly unknown[]): number {
  const offered = tools.find(
    (tool) => isObject(tool) && String(tool['type']).startsWith('web_search_'),
  );
  if (!isObject(offered)) return 0;
  return offered['max_uses'] === 0 ? 0 : 1;
}

function lastResult(messages: readonly unknown[]): string | undefined {
  const last = messages.at(-1);
  const parts = partsOf(isObject(last) ? last['content'] : undefined);
  const results = parts.filter((part) => isObject(part) && part['type'] === 'tool_result');
  if (results.length === 0) return undefined;
  const texts = results.flatMap((part) => partsOf(isObject(part) ? part['content'] : undefined));
  return texts.map(textOf).join('\n').slice(0, limits.resultCharsMax);
}

function partsOf(content: unknown): readonly unknown[] {
  if (typeof content === 'string') return [content];
  return Array.isArray(content) ? content : [];
}

function textOf(part: unknown): string {
  if (typeof part === 'string') return part;
  if (isObject(part) && typeof part['text'] === 'string') return part['text'];
  return JSON.stringify(part) ?? '';
}

function listOf(body: Json, name: string): readonly unknown[] {
  const list = body[name];
  return Array.isArray(list) ? list : [];
}
