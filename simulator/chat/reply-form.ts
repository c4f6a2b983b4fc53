/**
 * What a chat request asks for: words, JSON of a schema, or a call of one of its tools. As at OpenAI,
 * whose structured answers and tool loops the official SDKs read.
 */
import { invalid } from '../http/openai-error.ts';
import { limits } from '../limits.ts';
import { isObject } from '../schema/json-schema.ts';

export type Tool = {
  readonly kind: 'function' | 'custom';
  readonly name: string;
  /** JSON Schema of a function's arguments; undefined: it takes none. */
  readonly parameters: unknown;
  /** Where the request has the schema, for an error. */
  readonly place: string;
};

export type ReplyForm =
  | { readonly kind: 'words' }
  /** Text that says again what tools have answered. */
  | { readonly kind: 'result'; readonly result: string }
  | { readonly kind: 'json'; readonly schema: unknown; readonly place: string }
  /** `isForced`: the request names this tool. */
  | { readonly kind: 'call'; readonly tool: Tool; readonly isForced: boolean };

type Json = Readonly<Record<string, unknown>>;

export const ANY_OBJECT = {
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer'],
};

/**
 * A tool is called unless the last message is a tool's result: the answer to that is text, or what
 * `response_format` asks for. @throws OpenAI's 400
 */
export function readReplyForm(body: Json, messages: readonly unknown[]): ReplyForm {
  const result = lastResult(messages);
  const call = result === undefined ? calledTool(body, textOf(messages.at(-1))) : undefined;
  if (call !== undefined) return { kind: 'call', ...call };
  const format = optionalObject(body, 'response_format');
  if (format?.['type'] === 'json_schema') {
    const stated = format['json_schema'];
    if (!isObject(stated) || !isObject(stated['schema'])) {
      throw invalid(
        'response_format',
        "Missing required parameter: 'response_format.json_schema.schema'.",
      );
    }
    return { kind: 'json', schema: stated['schema'], place: 'response_format' };
  }
  if (format?.['type'] === 'json_object') {
    return { kind: 'json', schema: ANY_OBJECT, place: 'response_format' };
  }
  return result === undefined ? { kind: 'words' } : { kind: 'result', result };
}

/** Of all tools that answered last: one message each. */
function lastResult(messages: readonly unknown[]): string | undefined {
  const isResult = (message: unknown) =>
    isObject(message) && (message['role'] === 'tool' || message['role'] === 'function');
  const before = messages.findLastIndex((message) => !isResult(message));
  const results = messages.slice(before + 1);
  if (results.length === 0) return undefined;
  return results.map(textOf).join('\n').slice(0, limits.resultCharsMax);
}

function calledTool(body: Json, asked: string): { tool: Tool; isForced: boolean } | undefined {
  const { tools, tool_choice: choice } = body;
  const all = Array.isArray(tools) ? tools.flatMap(readTool) : [];
  if (choice === 'none') return undefined;
  if (!isObject(choice)) {
    const tool = closest(all, asked);
    return tool && { tool, isForced: false };
  }
  const names = namesOf(choice);
  const named = all.filter(({ name }) => names.includes(name));
  const tool = closest(named, asked);
  if (tool === undefined) {
    throw invalid('tool_choice', "Invalid value for 'tool_choice': no such tool is in 'tools'.");
  }
  return { tool, isForced: choice['type'] !== 'allowed_tools' };
}

/** `{type, function: {name}}`, `{type, custom: {name}}`, or `allowed_tools` with a list of those. */
function namesOf(choice: Json): unknown[] {
  const allowed = isObject(choice['allowed_tools']) ? choice['allowed_tools'] : choice;
  const list = Array.isArray(allowed['tools']) ? allowed['tools'] : [choice];
  return list.filter(isObject).map((each) => {
    const named = each[String(each['type'])];
    return isObject(named) ? named['name'] : undefined;
  });
}

/** What has no name cannot be called: a provider's own tools are accepted and ignored. */
function readTool(tool: unknown, index: number): Tool[] {
  if (!isObject(tool)) return [];
  const { type } = tool;
  if (type !== 'function' && type !== 'custom') return [];
  const stated = tool[type];
  if (!isObject(stated) || typeof stated['name'] !== 'string') return [];
  const { name, parameters } = stated;
  const place = `tools[${index}].function.parameters`;
  return [{ kind: type, name, parameters, place }];
}

/** The tool whose name has most of the words that were asked; of equal ones the first. */
export function closest(tools: readonly Tool[], asked: string): Tool | undefined {
  const heard = new Set(wordsIn(asked));
  const matches = ({ name }: Tool) => wordsIn(name).filter((word) => heard.has(word)).length;
  const most = Math.max(...tools.map(matches));
  return tools.find((tool) => matches(tool) === most);
}

/** Three letters at least: `get` and `set` part tools, and `a` or `of` do not. */
function wordsIn(text: string): string[] {
  const parted = text.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return parted.match(/[a-z]{3,}/g) ?? [];
}

function textOf(message: unknown): string {
  const content = isObject(message) ? message['content'] : undefined;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts = content.map((part) => (isObject(part) ? part['text'] : undefined));
  return texts.filter((text) => typeof text === 'string').join('\n');
}

function optionalObject(body: Json, name: string): Json | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid(name, `'${name}' must be an object.`, 'invalid_type');
  return value;
}
