/** Reads the body of `generateContent` as far as counting and answering need it. */
import type { Json } from '../calls/dialect.ts';
import type { AnswerRequest } from '../chat/chat-plan.ts';
import { ANY_OBJECT, closest, type ReplyForm, type Tool } from '../chat/reply-form.ts';
import { invalid } from '../http/openai-error.ts';
import { limits } from '../limits.ts';
import type { Model, ServiceTier } from '../price-table.ts';
import { isObject } from '../schema/json-schema.ts';

export type ContentRequest = AnswerRequest & {
  readonly showsThoughts: boolean;
  /** What the provider's own tools give the model to read. */
  readonly toolTokens: number;
  readonly serviceTier: ServiceTier | undefined;
};

/** Pages that the provider fetches, and code that it runs. */
const TOOL_TOKENS = 64;

/** @throws ApiError, Google's 400, for what it would refuse */
export function readContentRequest(body: Json, model: Model): ContentRequest {
  if (model.endpoint !== 'chat') throw invalid('model', `models/${model.id} generates no content.`);
  const text = textOfContents(body);
  const contents = body['contents'] as readonly unknown[];
  const config = objectIn(body, 'generationConfig');
  const result = lastResult(contents);
  const offers = (name: string) => toolsOf(body).some((tool) => memberOf(tool, name) !== undefined);
  const reads = offers('urlContext') || offers('codeExecution');
  const { thinkingBudget, includeThoughts } = thinkingOf(config);
  return {
    ...{ model, text, form: formOf(body, config, contents, result) },
    choices: countIn(config, 'candidateCount', limits.choicesMax) ?? 1,
    outputTokensMax:
      countIn(config, 'maxOutputTokens', model.outputTokensMax) ?? model.outputTokensMax,
    reasons: thinkingBudget === undefined ? undefined : thinkingBudget !== 0,
    reasoningTokensMax: (thinkingBudget ?? 0) > 0 ? thinkingBudget : undefined,
    showsThoughts: includeThoughts,
    searches: result === undefined && offers('googleSearch') ? 1 : 0,
    toolTokens: result === undefined && reads ? TOOL_TOKENS : 0,
    serviceTier: tierOf(memberOf(body, 'serviceTier')),
  };
}

/** Everything that the model reads, joined. @throws ApiError for contents that are none */
export function textOfContents(body: Json): string {
  const { contents } = body;
  if (!Array.isArray(contents) || contents.length === 0) {
    throw invalid('contents', '* GenerateContentRequest.contents: contents is not specified\n');
  }
  const tools = toolsOf(body).map((tool) => JSON.stringify(tool));
  const config = objectIn(body, 'generationConfig');
  const schema = schemaOf(config);
  return [
    ...partsOf(memberOf(body, 'systemInstruction')).map(textOf),
    ...contents.flatMap((content) => partsOf(content).map(textOf)),
    ...tools,
    ...(schema === undefined ? [] : [JSON.stringify(schema)]),
  ].join('\n');
}

/** Google takes a member's name in both spellings. */
export function memberOf(object: Json, name: string): unknown {
  return object[name] ?? object[name.replaceAll(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`)];
}

function objectIn(object: Json, name: string): Json {
  const value = memberOf(object, name);
  return isObject(value) ? value : {};
}

function countIn(config: Json, name: string, most: number): number | undefined {
  const value = memberOf(config, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) {
    return value;
  }
  throw invalid(name, `Unable to submit request because ${name} must be from 1 to ${most}.`);
}

function thinkingOf(config: Json) {
  const thinking = objectIn(config, 'thinkingConfig');
  const budget = memberOf(thinking, 'thinkingBudget');
  const thinkingBudget = typeof budget === 'number' ? budget : undefined;
  return { thinkingBudget, includeThoughts: memberOf(thinking, 'includeThoughts') === true };
}

function tierOf(value: unknown): ServiceTier | undefined {
  return value === 'flex' || value === 'priority' ? value : undefined;
}

function formOf(
  body: Json,
  config: Json,
  contents: readonly unknown[],
  result: string | undefined,
): ReplyForm {
  const tool = result === undefined ? calledTool(body, contents) : undefined;
  if (tool !== undefined) return { kind: 'call', tool, isForced: false };
  const schema = schemaOf(config);
  if (schema !== undefined) return { kind: 'json', schema, place: 'response_schema' };
  if (memberOf(config, 'responseMimeType') === 'application/json') {
    return { kind: 'json', schema: ANY_OBJECT, place: 'response_schema' };
  }
  return result === undefined ? { kind: 'words' } : { kind: 'result', result };
}

function schemaOf(config: Json): unknown {
  return memberOf(config, 'responseJsonSchema') ?? asJsonSchema(memberOf(config, 'responseSchema'));
}

/** Google's own schemas name types in capitals. */
function asJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(asJsonSchema);
  if (!isObject(schema)) return schema;
  const members = Object.entries(schema).map(([name, value]) => {
    const isType = name === 'type' && typeof value === 'string';
    return [name, isType ? value.toLowerCase() : asJsonSchema(value)];
  });
  return Object.fromEntries(members);
}

function calledTool(body: Json, contents: readonly unknown[]): Tool | undefined {
  const calling = objectIn(objectIn(body, 'toolConfig'), 'functionCallingConfig');
  const mode = calling['mode'];
  if (mode === 'NONE') return undefined;
  const declared = toolsOf(body).flatMap((tool) => {
    const functions = memberOf(tool, 'functionDeclarations');
    return Array.isArray(functions) ? functions.flatMap(readFunction) : [];
  });
  const allowed = memberOf(calling, 'allowedFunctionNames');
  const named = Array.isArray(allowed)
    ? declared.filter(({ name }) => allowed.includes(name))
    : declared;
  const tool = closest(named, partsOf(contents.at(-1)).map(textOf).join('\n'));
  if (tool === undefined && mode === 'ANY') {
    throw invalid('tool_config', 'Function calling config is set without function_declarations.');
  }
  return tool;
}

function readFunction(declared: unknown, index: number): Tool[] {
  if (!isObject(declared) || typeof declared['name'] !== 'string') return [];
  const { name } = declared;
  const own = memberOf(declared, 'parametersJsonSchema');
  const parameters = own ?? asJsonSchema(declared['parameters']);
  const place = `tools[0].function_declarations[${index}].parameters`;
  return [{ kind: 'function', name, parameters, place }];
}

function lastResult(contents: readonly unknown[]): string | undefined {
  const results = partsOf(contents.at(-1)).flatMap((part) => {
    const result = isObject(part) ? memberOf(part, 'functionResponse') : undefined;
    return isObject(result) ? [JSON.stringify(result['response'] ?? {})] : [];
  });
  return results.length === 0 ? undefined : results.join('\n').slice(0, limits.resultCharsMax);
}

function toolsOf(body: Json): readonly Json[] {
  const { tools } = body;
  return Array.isArray(tools) ? tools.filter(isObject) : [];
}

function partsOf(content: unknown): readonly unknown[] {
  if (!isObject(content)) return [];
  return Array.isArray(content['parts']) ? content['parts'] : [];
}

function textOf(part: unknown): string {
  if (isObject(part) && typeof part['text'] === 'string') return part['text'];
  return JSON.stringify(part) ?? '';
}
