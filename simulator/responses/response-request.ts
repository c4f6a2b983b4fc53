/** Reads the body of `POST /v1/responses` as far as counting and answering need it. */
import type { Json } from '../calls/dialect.ts';
import type { AnswerRequest } from '../chat/chat-plan.ts';
import { ANY_OBJECT, closest, type ReplyForm, type Tool } from '../chat/reply-form.ts';
import { invalid } from '../http/openai-error.ts';
import { limits } from '../limits.ts';
import { type Model, type ServiceTier, serviceTiers } from '../price-table.ts';
import { isObject } from '../schema/json-schema.ts';

export type ResponseRequest = AnswerRequest & {
  /** What the answer repeats of it. */
  readonly body: Json;
  readonly stream: boolean;
  readonly background: boolean;
  readonly store: boolean;
  readonly summarises: boolean;
  readonly serviceTier: ServiceTier | undefined;
};

/** OpenAI's own bound. */
const OUTPUT_TOKENS_MIN = 16;

/** @param earlier what the response was about that this one goes on from. @throws OpenAI's 400 */
export function readResponseRequest(body: Json, model: Model, earlier: string): ResponseRequest {
  if (model.endpoint !== 'chat') {
    throw invalid('model', 'This is not a chat model.', 'model_not_supported');
  }
  const text = textOfInput(body);
  const items = itemsOf(body);
  const result = lastResult(items);
  const tools = listOf(body, 'tools');
  const reasoning = isObject(body['reasoning']) ? body['reasoning'] : {};
  const { service_tier: tier } = body;
  return {
    ...{ model, body, text: earlier === '' ? text : `${earlier}\n${text}`, choices: 1 },
    outputTokensMax: readLimit(body, model),
    form: formOf(body, tools, items, result),
    stream: body['stream'] === true,
    background: body['background'] === true,
    store: body['store'] !== false,
    reasons: reasoning['effort'] === 'none' ? false : undefined,
    summarises: typeof reasoning['summary'] === 'string',
    searches: result === undefined && tools.some(isSearch) ? 1 : 0,
    serviceTier:
      typeof tier === 'string' && Object.hasOwn(serviceTiers, tier)
        ? (tier as ServiceTier)
        : undefined,
  };
}

/** Everything that the model reads, joined. @throws OpenAI's 400 for an input that is none */
export function textOfInput(body: Json): string {
  const format = formatIn(body);
  const { instructions, tools } = body;
  return [
    ...(typeof instructions === 'string' ? [instructions] : []),
    ...itemsOf(body).map(textOf),
    ...(Array.isArray(tools) && tools.length > 0 ? [JSON.stringify(tools)] : []),
    ...(format['type'] === 'json_schema' ? [JSON.stringify(format)] : []),
  ].join('\n');
}

function itemsOf({ input }: Json): readonly unknown[] {
  if (typeof input === 'string') return [input];
  if (Array.isArray(input) && input.length > 0) return input;
  throw invalid('input', "Missing required parameter: 'input'.", 'missing_required_parameter');
}

function textOf(item: unknown): string {
  if (typeof item === 'string') return item;
  if (!isObject(item)) throw invalid('input', "'input' has an item that is no object.");
  const { content, output } = item;
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map(textOfPart).join('\n');
  return typeof output === 'string' ? output : JSON.stringify(item);
}

function textOfPart(part: unknown): string {
  if (isObject(part) && typeof part['text'] === 'string') return part['text'];
  return JSON.stringify(part) ?? '';
}

function readLimit(body: Json, model: Model): number {
  const limit = body['max_output_tokens'];
  if (limit === undefined || limit === null) return model.outputTokensMax;
  const most = model.outputTokensMax;
  if (typeof limit === 'number' && Number.isInteger(limit) && limit <= most) {
    if (limit >= OUTPUT_TOKENS_MIN) return limit;
  }
  const range = `from ${OUTPUT_TOKENS_MIN} to ${most}`;
  throw invalid('max_output_tokens', `Invalid 'max_output_tokens': expected a number ${range}.`);
}

function formOf(
  body: Json,
  tools: readonly unknown[],
  items: readonly unknown[],
  result: string | undefined,
): ReplyForm {
  const tool = result === undefined ? calledTool(body, tools, items) : undefined;
  if (tool !== undefined) return { kind: 'call', tool, isForced: false };
  const format = formatIn(body);
  if (format['type'] === 'json_schema') {
    return { kind: 'json', schema: format['schema'], place: 'text.format.schema' };
  }
  if (format['type'] === 'json_object') {
    return { kind: 'json', schema: ANY_OBJECT, place: 'text.format' };
  }
  return result === undefined ? { kind: 'words' } : { kind: 'result', result };
}

function formatIn({ text }: Json): Json {
  const format = isObject(text) ? text['format'] : undefined;
  return isObject(format) ? format : {};
}

function calledTool(
  body: Json,
  tools: readonly unknown[],
  items: readonly unknown[],
): Tool | undefined {
  const { tool_choice: choice } = body;
  if (choice === 'none') return undefined;
  const all = tools.flatMap(readTool);
  const names = isObject(choice) ? namesOf(choice) : undefined;
  const named = names === undefined ? all : all.filter(({ name }) => names.includes(name));
  const tool = closest(named, textOf(items.at(-1)));
  if (tool === undefined && (names ?? []).length > 0) {
    throw invalid('tool_choice', "Invalid value for 'tool_choice': no such tool is in 'tools'.");
  }
  return tool;
}

/** `{type: 'function', name}`, or `allowed_tools` with a list of those. */
function namesOf(choice: Json): unknown[] {
  const list = Array.isArray(choice['tools']) ? choice['tools'] : [choice];
  return list.filter(isObject).flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/** What has no name cannot be called: a provider's own tools are accepted and ignored. */
function readTool(tool: unknown, index: number): Tool[] {
  if (!isObject(tool) || typeof tool['name'] !== 'string') return [];
  const { name, type: kind, parameters } = tool;
  if (kind !== 'function' && kind !== 'custom') return [];
  return [{ kind, name, parameters, place: `tools[${index}].parameters` }];
}

function isSearch(tool: unknown): boolean {
  return isObject(tool) && String(tool['type']).startsWith('web_search');
}

/** Of all tools that answered last. */
function lastResult(items: readonly unknown[]): string | undefined {
  const isResult = (item: unknown) =>
    isObject(item) && /^(function|custom_tool)_call_output$/.test(String(item['type']));
  const before = items.findLastIndex((item) => !isResult(item));
  const results = items.slice(before + 1);
  if (results.length === 0) return undefined;
  return results.map(textOf).join('\n').slice(0, limits.resultCharsMax);
}

function listOf(body: Json, name: string): readonly unknown[] {
  const list = body[name];
  return Array.isArray(list) ? list : [];
}
