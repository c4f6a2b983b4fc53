/** A request for a chat completion, as a conversation. */

import type { AskedFor } from '../codec.ts';
import type {
  CallPart,
  Conversation,
  Effort,
  Fields,
  Format,
  MediaPart,
  Part,
  Settings,
  TextPart,
  ThinkingPart,
  Tool,
  ToolChoice,
  Turn,
} from '../conversation.ts';
import { isObject, objectOf } from '../exact-json.ts';
import { checkMembers, type KnownMembers, type Losses } from '../losses.ts';
import {
  booleanOf,
  dataOfUrl,
  numberOf,
  objectsOf,
  said,
  textOf,
  withoutEmpty,
} from '../values.ts';
import { TEXT_MARK } from './thinking-text.ts';

const REQUEST: KnownMembers = {
  read: new Set([
    ...['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens'],
    ...['temperature', 'top_p', 'seed', 'frequency_penalty', 'presence_penalty', 'stop', 'tools'],
    ...['tool_choice', 'parallel_tool_calls', 'response_format', 'reasoning_effort', 'user'],
    'safety_identifier',
  ]),
  hints: new Set([
    ...['metadata', 'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention'],
  ]),
  defaults: {
    n: [1],
    logprobs: [false],
    top_logprobs: [0],
    store: [false],
    service_tier: ['auto', 'default'],
    verbosity: ['medium'],
  },
};
const SYSTEM: KnownMembers = { read: new Set(['role', 'content']) };
const USER = SYSTEM;
const ASSISTANT: KnownMembers = {
  read: new Set([
    ...['role', 'content', 'refusal', 'tool_calls', 'reasoning_content', 'thinking_blocks'],
  ]),
  // What an answer had, and comes back with it.
  hints: new Set(['annotations', 'reasoning', 'reasoning_details', 'provider_specific_fields']),
};
const TOOL: KnownMembers = { read: new Set(['role', 'content', 'tool_call_id', 'name']) };
/** Marks of a cache, as gateways of other dialects take them here too. */
const CACHED = new Set(['cache_control', 'prompt_cache_breakpoint']);
const PART: KnownMembers = {
  read: new Set(['type', 'text', 'refusal', 'image_url', 'file', 'input_audio']),
  hints: CACHED,
};
const CALL: KnownMembers = {
  read: new Set(['id', 'type', 'function', 'extra_content', 'index']),
  hints: CACHED,
};
const TOOL_ENTRY: KnownMembers = { read: new Set(['type', 'function']), hints: CACHED };
const FUNCTION: KnownMembers = { read: new Set(['name', 'description', 'parameters', 'strict']) };
const EFFORTS: ReadonlySet<unknown> = new Set([
  ...['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
]);
const NO_PARTS: readonly Part[] = [];

export function readRequest(request: Fields, asked: AskedFor, losses: Losses): Conversation {
  checkModalities(request, losses);
  const { modalities: _, logit_bias: bias, ...rest } = request;
  if (isObject(bias) && Object.keys(bias).length > 0) losses.refuse('logit_bias');
  checkMembers(withoutEmpty(rest), REQUEST, '', losses);
  const options = request['stream_options'];
  return {
    ...asked,
    turns: objectsOf(request['messages']).map((message, at) =>
      turnOf(message, `messages.${at}`, losses),
    ),
    tools: objectsOf(request['tools']).map((tool, at) => toolOf(tool, `tools.${at}`, losses)),
    toolChoice: choiceOf(request['tool_choice'], losses),
    parallelCalls: booleanOf(request['parallel_tool_calls']),
    format: formatOf(request['response_format'], losses),
    settings: settingsOf(request),
    thinking: thinkingOf(request['reasoning_effort'], losses),
    endUser: textOf(request['safety_identifier']) ?? textOf(request['user']),
    wantsUsage: isObject(options) && options['include_usage'] === true,
  };
}

function checkModalities({ modalities }: Fields, losses: Losses): void {
  if (modalities == null) return;
  if (!Array.isArray(modalities) || modalities.some((name) => name !== 'text')) {
    losses.refuse('modalities');
  }
}

function settingsOf(request: Fields): Settings {
  const { stop } = request;
  const limits = [numberOf(request['max_completion_tokens']), numberOf(request['max_tokens'])];
  const [newer, older] = limits as [number | null, number | null];
  return {
    outputTokensMax: newer === null || older === null ? (newer ?? older) : Math.max(newer, older),
    temperature: numberOf(request['temperature']),
    topP: numberOf(request['top_p']),
    topK: null,
    seed: numberOf(request['seed']),
    frequencyPenalty: unlessZero(request['frequency_penalty']),
    presencePenalty: unlessZero(request['presence_penalty']),
    stop: stopsOf(stop),
  };
}

function stopsOf(stop: unknown): string[] {
  if (typeof stop === 'string') return [stop];
  return Array.isArray(stop) ? stop.map(said) : [];
}

function unlessZero(value: unknown): number | null {
  return value === 0 ? null : numberOf(value);
}

function thinkingOf(effort: unknown, losses: Losses): Conversation['thinking'] {
  if (effort == null) return null;
  if (!EFFORTS.has(effort)) losses.refuse('reasoning_effort');
  const isOn = effort !== 'none';
  return { effort: effort as Effort, tokensMax: null, isOn, isShown: isOn };
}

function turnOf(message: Fields, at: string, losses: Losses): Turn {
  const { role, content } = message;
  switch (role) {
    case 'system':
    case 'developer':
      checkMembers(message, SYSTEM, at, losses);
      return { role: 'system', parts: partsOf(content, `${at}.content`, losses), at };
    case 'user':
      checkMembers(message, USER, at, losses);
      return { role: 'user', parts: partsOf(content, `${at}.content`, losses), at };
    case 'assistant':
      checkMembers(message, ASSISTANT, at, losses);
      return { role: 'assistant', parts: assistantParts(message, at, losses), at };
    case 'tool': {
      checkMembers(message, TOOL, at, losses);
      const parts = partsOf(content, `${at}.content`, losses) as (TextPart | MediaPart)[];
      const id = said(message['tool_call_id'] ?? '');
      return { role: 'user', parts: [{ kind: 'result', id, parts, isError: false, at }], at };
    }
    default:
      losses.refuse(`${at}.role`);
      return { role: 'user', parts: NO_PARTS, at };
  }
}

function assistantParts(message: Fields, at: string, losses: Losses): Part[] {
  const { content, refusal, tool_calls: calls } = message;
  const parts: Part[] = [...thinkingParts(message, at)];
  parts.push(...partsOf(content, `${at}.content`, losses));
  if (typeof refusal === 'string' && refusal !== '') parts.push({ kind: 'text', text: refusal });
  for (const [index, call] of objectsOf(calls).entries()) {
    parts.push(callOf(call, `${at}.tool_calls.${index}`, losses));
  }
  return parts;
}

/** Blocks with their proof, as they were given to this client; else the text alone, as other servers have it. */
function thinkingParts(message: Fields, at: string): ThinkingPart[] {
  const blocks = objectsOf(message['thinking_blocks']);
  if (blocks.length > 0) {
    return blocks.map((block): ThinkingPart => {
      const isRedacted = block['type'] === 'redacted_thinking';
      const signature = textOf(isRedacted ? block['data'] : block['signature']);
      const text = isRedacted ? '' : (textOf(block['thinking']) ?? '');
      return { kind: 'thinking', text, signature, isRedacted, at: `${at}.thinking_blocks` };
    });
  }
  const text = textOf(message['reasoning_content']);
  if (text === null || text === '') return [];
  const place = `${at}.reasoning_content`;
  return [{ kind: 'thinking', text, signature: TEXT_MARK, isRedacted: false, at: place }];
}

function callOf(call: Fields, at: string, losses: Losses): CallPart {
  checkMembers(call, CALL, at, losses);
  const { type, id, function: called, extra_content: extra } = call;
  if (type != null && type !== 'function') losses.refuse(`${at}.type`);
  const { name, arguments: text } = isObject(called) ? called : {};
  const input = objectOf(typeof text === 'string' ? text : '');
  if (input === null) losses.refuse(`${at}.function.arguments`, 'is no JSON object');
  const google = isObject(extra) ? extra['google'] : null;
  const signature = isObject(google) ? textOf(google['thought_signature']) : null;
  return {
    kind: 'call',
    id: said(id ?? ''),
    name: said(name ?? ''),
    input: input ?? {},
    signature,
  };
}

/** Texts without a character say nothing, and are refused elsewhere. */
function partsOf(content: unknown, at: string, losses: Losses): (TextPart | MediaPart)[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return objectsOf(content).flatMap((part, index) => partOf(part, `${at}.${index}`, losses));
}

function partOf(part: Fields, at: string, losses: Losses): (TextPart | MediaPart)[] {
  checkMembers(part, PART, at, losses);
  switch (part['type']) {
    case 'text':
    case 'refusal': {
      const text = textOf(part['text'] ?? part['refusal']) ?? '';
      return text === '' ? [] : [{ kind: 'text', text }];
    }
    case 'image_url': {
      const image = isObject(part['image_url']) ? part['image_url'] : {};
      const { detail } = image;
      if (detail != null && detail !== 'auto') losses.leaveOut('detail');
      return [{ kind: 'media', ...dataOfUrl(said(image['url'])), name: null, at }];
    }
    case 'file': {
      const file = isObject(part['file']) ? part['file'] : {};
      const { file_data: data, filename } = file;
      if (typeof data !== 'string') {
        losses.refuse(`${at}.file`, 'is stored at another provider');
        return [];
      }
      return [{ kind: 'media', ...dataOfUrl(data), name: textOf(filename), at }];
    }
    case 'input_audio': {
      const audio = isObject(part['input_audio']) ? part['input_audio'] : {};
      const mediaType = `audio/${said(audio['format'])}`;
      return [{ kind: 'media', mediaType, source: { data: said(audio['data']) }, name: null, at }];
    }
    default:
      losses.refuse(`${at}.type`);
      return [];
  }
}

function toolOf(tool: Fields, at: string, losses: Losses): Tool {
  if (tool['type'] !== 'function') losses.refuse(`${at}.type`);
  else checkMembers(tool, TOOL_ENTRY, at, losses);
  const told = isObject(tool['function']) ? tool['function'] : {};
  checkMembers(told, FUNCTION, `${at}.function`, losses);
  const { name, description, parameters, strict } = told;
  return {
    name: said(name ?? ''),
    description: textOf(description),
    schema: isObject(parameters) ? parameters : null,
    strict: booleanOf(strict),
  };
}

function choiceOf(choice: unknown, losses: Losses): ToolChoice | null {
  if (choice == null) return null;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { kind: choice };
  const { type, function: called } = isObject(choice) ? choice : {};
  if (type === 'function' && isObject(called)) return { kind: 'tool', name: said(called['name']) };
  losses.refuse('tool_choice');
  return null;
}

function formatOf(format: unknown, losses: Losses): Format | null {
  if (!isObject(format) || format['type'] === 'text') return null;
  if (format['type'] === 'json_object') return { kind: 'json' };
  const told = format['json_schema'];
  if (format['type'] !== 'json_schema' || !isObject(told) || !isObject(told['schema'])) {
    losses.refuse('response_format');
    return null;
  }
  const { schema, name, strict } = told;
  return {
    kind: 'schema',
    schema: schema as Fields,
    name: textOf(name),
    strict: booleanOf(strict),
  };
}
