/** A request for generated content, as a conversation. */
import { renamed } from '../../dialects/gemini/names.ts';
import { GEMINI_MARK } from '../anthropic/thinking-proof.ts';
import type { AskedFor } from '../codec.ts';
import type {
  Conversation,
  Effort,
  Fields,
  Format,
  MediaPart,
  Part,
  ResultPart,
  Settings,
  Thinking,
  Tool,
  ToolChoice,
  Turn,
} from '../conversation.ts';
import { isObject } from '../exact-json.ts';
import { checkMembers, type KnownMembers, type Losses } from '../losses.ts';
import { numberOf, objectsOf, said, textOf, withoutEmpty } from '../values.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { HIDDEN_MARK, NO_PROOF, OTHERS_MARK } from './proof.ts';

const REQUEST: KnownMembers = {
  read: new Set([
    ...['model', 'contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig'],
  ]),
  hints: new Set(['labels', 'safetySettings']),
};
const SETTINGS: KnownMembers = {
  read: new Set([
    ...['maxOutputTokens', 'temperature', 'topP', 'topK', 'stopSequences', 'seed'],
    ...['presencePenalty', 'frequencyPenalty', 'responseMimeType', 'responseSchema'],
    ...['responseJsonSchema', '_responseJsonSchema', 'thinkingConfig', 'responseModalities'],
  ]),
  hints: new Set(['mediaResolution']),
  defaults: { candidateCount: [1], responseLogprobs: [false] },
};
const PART: KnownMembers = {
  read: new Set([
    ...['text', 'thought', 'thoughtSignature', 'inlineData', 'fileData', 'functionCall'],
    'functionResponse',
  ]),
  hints: new Set(['mediaResolution']),
};
const TOOL: KnownMembers = { read: new Set(['functionDeclarations']) };
const DECLARATION: KnownMembers = {
  read: new Set(['name', 'description', 'parameters', 'parametersJsonSchema']),
  hints: new Set(['response', 'responseJsonSchema']),
  defaults: { behavior: ['BLOCKING'] },
};
const CONFIG = 'toolConfig.functionCallingConfig';
const EFFORTS: ReadonlyMap<string, Effort> = new Map<string, Effort>([
  ...(['minimal', 'low', 'medium', 'high'] as const).map((name): [string, Effort] => [name, name]),
]);

export function readRequest(given: Fields, asked: AskedFor, losses: Losses): Conversation {
  const names = renamed(given);
  const request = (names.ok ? names.value : given) as Fields;
  checkMembers(withoutEmpty(request), REQUEST, '', losses);
  const settings = isObject(request['generationConfig']) ? request['generationConfig'] : {};
  checkMembers(withoutEmpty(settings), SETTINGS, 'generationConfig', losses);
  checkModalities(settings['responseModalities'], losses);
  return {
    ...asked,
    turns: turnsOf(request, losses),
    tools: toolsOf(request['tools'], losses),
    toolChoice: choiceOf(request['toolConfig'], losses),
    parallelCalls: null,
    format: formatOf(settings),
    settings: settingsOf(settings),
    thinking: thinkingOf(settings['thinkingConfig'], losses),
    endUser: null,
    wantsUsage: true,
  };
}

function checkModalities(modalities: unknown, losses: Losses): void {
  if (!Array.isArray(modalities)) return;
  if (modalities.some((name) => said(name).toUpperCase() !== 'TEXT')) {
    losses.refuse('generationConfig.responseModalities');
  }
}

function settingsOf(settings: Fields): Settings {
  const stop = settings['stopSequences'];
  return {
    outputTokensMax: numberOf(settings['maxOutputTokens']),
    temperature: numberOf(settings['temperature']),
    topP: numberOf(settings['topP']),
    topK: numberOf(settings['topK']),
    seed: numberOf(settings['seed']),
    frequencyPenalty: unlessZero(settings['frequencyPenalty']),
    presencePenalty: unlessZero(settings['presencePenalty']),
    stop: Array.isArray(stop) ? stop.map(said) : [],
  };
}

function unlessZero(value: unknown): number | null {
  return value === 0 ? null : numberOf(value);
}

function thinkingOf(config: unknown, losses: Losses): Thinking | null {
  if (!isObject(config)) return null;
  const { thinkingBudget, thinkingLevel, includeThoughts } = config;
  const level = typeof thinkingLevel === 'string' ? thinkingLevel.toLowerCase() : null;
  const effort = level === null ? null : (EFFORTS.get(level) ?? null);
  if (level !== null && effort === null) losses.refuse('generationConfig.thinkingConfig');
  const budget = numberOf(thinkingBudget);
  const isOff = budget === 0;
  // -1: as much as the model sees fit.
  const tokensMax = budget !== null && budget > 0 ? budget : null;
  return { effort, tokensMax, isOn: !isOff, isShown: includeThoughts === true };
}

function turnsOf(request: Fields, losses: Losses): Turn[] {
  const { systemInstruction: system, contents } = request;
  const turns: Turn[] = [];
  const calls = new Unnamed();
  if (isObject(system)) {
    const parts = partsOf(system, 'systemInstruction', calls, losses);
    turns.push({ role: 'system', parts, at: 'systemInstruction' });
  }
  const listed = Array.isArray(contents) ? contents : [contents];
  for (const [index, content] of objectsOf(listed).entries()) {
    const at = `contents.${index}`;
    const { role } = content;
    const parts = partsOf(content, at, calls, losses);
    if (role === 'model') turns.push({ role: 'assistant', parts, at });
    else if (role == null || role === 'user' || role === 'function') {
      turns.push({ role: 'user', parts, at });
    } else losses.refuse(`${at}.role`);
  }
  return turns;
}

function partsOf({ parts }: Fields, at: string, calls: Unnamed, losses: Losses): Part[] {
  const listed = Array.isArray(parts) || parts == null ? parts : [parts];
  return signed(
    objectsOf(listed).flatMap((part, index) => partOf(part, `${at}.parts.${index}`, calls, losses)),
  );
}

/** Pieces of one thought: its proof came with the last of them. */
function signed(parts: readonly Part[]): Part[] {
  const found: Part[] = [];
  for (const part of parts) {
    const last = found.at(-1);
    const isMore = last?.kind === 'thinking' && part.kind === 'thinking' && last.signature === null;
    if (isMore) found[found.length - 1] = { ...part, text: last.text + part.text };
    else found.push(part);
  }
  return found;
}

function partOf(part: Fields, at: string, calls: Unnamed, losses: Losses): Part[] {
  checkMembers(part, PART, at, losses);
  const { text, thought, thoughtSignature: proof, inlineData, fileData } = part;
  const { functionCall, functionResponse } = part;
  const signature = proofOf(proof);
  if (isObject(functionCall)) {
    const { name, args } = functionCall;
    const id = calls.call(functionCall);
    const input = isObject(args) ? args : {};
    return [
      {
        kind: 'call',
        id,
        name: said(name),
        input,
        signature: proof === NO_PROOF ? null : textOf(proof),
      },
    ];
  }
  if (isObject(functionResponse)) return [resultOf(functionResponse, at, calls, losses)];
  if (isObject(inlineData)) {
    const { mimeType, data } = inlineData;
    return [media(textOf(mimeType), { data: said(data) }, at)];
  }
  if (isObject(fileData)) {
    const { mimeType, fileUri } = fileData;
    if (!/^https?:/.test(said(fileUri))) losses.refuse(`${at}.fileData`, 'is stored elsewhere');
    return [media(textOf(mimeType), { url: said(fileUri) }, at)];
  }
  if (typeof text !== 'string') return [];
  if (thought === true) {
    const isRedacted = signature?.startsWith(HIDDEN_MARK) === true;
    const own = isRedacted ? signature.slice(HIDDEN_MARK.length) : signature;
    return [{ kind: 'thinking', text, signature: own, isRedacted, at }];
  }
  return text === '' ? [] : [{ kind: 'text', text }];
}

/** What another provider has proved was marked when it was given to this client. */
function proofOf(proof: unknown): string | null {
  if (typeof proof !== 'string') return null;
  return proof.startsWith(OTHERS_MARK) ? proof.slice(OTHERS_MARK.length) : GEMINI_MARK + proof;
}

function media(mediaType: string | null, source: MediaPart['source'], at: string): MediaPart {
  return { kind: 'media', mediaType, source, name: null, at };
}

/** Google's documents have what a function found under `output`, and what went wrong under `error`. */
function resultOf(found: Fields, at: string, calls: Unnamed, losses: Losses): ResultPart {
  const { response, parts } = found;
  if (objectsOf(parts).length > 0) losses.refuse(`${at}.functionResponse.parts`);
  const fields = isObject(response) ? response : {};
  const [[only, value] = [], second] = Object.entries(fields);
  const isText = second === undefined && typeof value === 'string';
  const isError = isText && only === 'error';
  const text = isText && (isError || only === 'output') ? value : JSON.stringify(fields);
  const said = text === '' ? [] : [{ kind: 'text' as const, text }];
  return { kind: 'result', id: calls.result(found), parts: said, isError, at };
}

/** Calls need no id here: then the first result of a function is that of its first call. */
class Unnamed {
  #calls = 0;
  readonly #waiting = new Map<string, string[]>();

  call({ id, name }: Fields): string {
    if (typeof id === 'string' && id !== '') return id;
    const given = `call_${++this.#calls}`;
    const waiting = this.#waiting.get(said(name)) ?? [];
    this.#waiting.set(said(name), [...waiting, given]);
    return given;
  }

  result({ id, name }: Fields): string {
    if (typeof id === 'string' && id !== '') return id;
    return this.#waiting.get(said(name))?.shift() ?? `call_of_${said(name)}`;
  }
}

function toolsOf(tools: unknown, losses: Losses): Tool[] {
  const listed = Array.isArray(tools) || tools == null ? tools : [tools];
  return objectsOf(listed).flatMap((tool, index) => {
    checkMembers(withoutEmpty(tool), TOOL, `tools.${index}`, losses);
    return objectsOf(tool['functionDeclarations']).map((told, at) => {
      const place = `tools.${index}.functionDeclarations.${at}`;
      checkMembers(told, DECLARATION, place, losses);
      const { name, description, parameters, parametersJsonSchema: given } = told;
      const schema = given ?? jsonSchemaOf(parameters);
      return {
        ...{ name: said(name), description: textOf(description), strict: null },
        schema: isObject(schema) ? schema : null,
      };
    });
  });
}

function choiceOf(config: unknown, losses: Losses): ToolChoice | null {
  const calling = isObject(config) ? config['functionCallingConfig'] : null;
  if (!isObject(calling)) return null;
  const { mode, allowedFunctionNames: allowed } = calling;
  const names = Array.isArray(allowed) ? allowed : [];
  switch (said(mode).toUpperCase()) {
    case 'AUTO':
    case 'MODE_UNSPECIFIED':
    case 'UNDEFINED':
      return { kind: 'auto' };
    case 'NONE':
      return { kind: 'none' };
    case 'ANY':
      if (names.length > 1) losses.refuse(`${CONFIG}.allowedFunctionNames`);
      return names.length === 1 ? { kind: 'tool', name: said(names[0]) } : { kind: 'required' };
    default:
      losses.refuse(`${CONFIG}.mode`);
      return null;
  }
}

function formatOf(settings: Fields): Format | null {
  const { responseMimeType, responseSchema, responseJsonSchema, _responseJsonSchema } = settings;
  const schema = responseJsonSchema ?? _responseJsonSchema ?? jsonSchemaOf(responseSchema);
  if (isObject(schema)) return { kind: 'schema', schema, name: null, strict: null };
  return responseMimeType === 'application/json' ? { kind: 'json' } : null;
}
