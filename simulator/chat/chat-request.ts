/** Reads the body of `POST /v1/chat/completions` as far as counting and answering need it. */
import { invalid } from '../http/openai-error.ts';
import { limits } from '../limits.ts';
import type { Model } from '../price-table.ts';
import type { AnswerRequest } from './chat-plan.ts';
import { readReplyForm } from './reply-form.ts';

export type ChatRequest = AnswerRequest & {
  readonly stream: boolean;
  readonly includeUsage: boolean;
};

type Json = Readonly<Record<string, unknown>>;

/** Throws OpenAI's 400 for what OpenAI would refuse. */
export function readChatRequest(body: Json, model: Model): ChatRequest {
  if (model.endpoint !== 'chat') {
    throw invalid('model', 'This is not a chat model.', 'model_not_supported');
  }
  const stream = optionalFlag(body, 'stream');
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalid('messages', "'messages' must be an array with at least one message.");
  }
  return {
    model,
    text: readText(body, messages),
    choices: optionalCount(body, 'n', limits.choicesMax) ?? 1,
    outputTokensMax: readOutputLimit(body, model),
    stream,
    includeUsage: readIncludeUsage(body, stream),
    form: readReplyForm(body, messages),
  };
}

function readText(body: Json, messages: readonly unknown[]): string {
  const parts = messages.flatMap((message, index) => readMessage(message, index));
  const { tools, response_format: format } = body;
  if (tools !== undefined && tools !== null) parts.push(JSON.stringify(tools));
  if (isObject(format) && format['type'] === 'json_schema') parts.push(JSON.stringify(format));
  return parts.join('\n');
}

function readMessage(message: unknown, index: number): string[] {
  if (!isObject(message) || typeof message['role'] !== 'string') {
    throw invalid(`messages[${index}]`, `'messages[${index}]' must have a role.`);
  }
  const { content, tool_calls: toolCalls } = message;
  const parts = typeof content === 'string' ? [content] : [];
  if (Array.isArray(content)) parts.push(...content.map(readPart));
  if (toolCalls !== undefined) parts.push(JSON.stringify(toolCalls));
  return parts;
}

function readPart(part: unknown): string {
  if (isObject(part) && typeof part['text'] === 'string') return part['text'];
  return JSON.stringify(part) ?? '';
}

function readOutputLimit(body: Json, model: Model): number {
  const old = optionalCount(body, 'max_tokens', model.outputTokensMax);
  const current = optionalCount(body, 'max_completion_tokens', model.outputTokensMax);
  if (old !== undefined && current !== undefined) {
    throw invalid('max_tokens', "'max_tokens' and 'max_completion_tokens' exclude each other.");
  }
  return current ?? old ?? model.outputTokensMax;
}

function readIncludeUsage(body: Json, stream: boolean): boolean {
  const options = body['stream_options'];
  if (options === undefined || options === null) return false;
  if (!stream || !isObject(options)) {
    throw invalid('stream_options', "'stream_options' is only allowed when 'stream' is enabled.");
  }
  return optionalFlag(options, 'include_usage');
}

function optionalFlag(body: Json, name: string): boolean {
  const value = body[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw invalid(name, `'${name}' must be a boolean.`);
  return value;
}

function optionalCount(body: Json, name: string, most: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw invalid(name, `'${name}' must be a whole number from 1 to ${most}.`);
  }
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
