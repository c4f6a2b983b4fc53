/** A request of the Messages API, as a conversation. */
import type { AskedFor } from '../codec.ts';
import type {
  Conversation,
  Effort,
  Fields,
  Format,
  MediaPart,
  Part,
  TextPart,
  Thinking,
  Tool,
  ToolChoice,
  Turn,
} from '../conversation.ts';
import { isObject } from '../exact-json.ts';
import { checkMembers, type KnownMembers, type Losses } from '../losses.ts';
import { booleanOf, numberOf, objectsOf, said, textOf, withoutEmpty } from '../values.ts';

const REQUEST: KnownMembers = {
  read: new Set([
    ...['model', 'max_tokens', 'messages', 'system', 'stream', 'tools', 'tool_choice', 'metadata'],
    ...['stop_sequences', 'temperature', 'top_k', 'top_p', 'thinking', 'output_config'],
    ...['output_format', 'context_management'],
  ]),
  hints: new Set(['cache_control', 'diagnostics']),
  defaults: {
    service_tier: ['auto', 'standard_only'],
    speed: ['standard'],
  },
};
const CACHED = new Set(['cache_control']);
const TEXT: KnownMembers = { read: new Set(['type', 'text']), hints: CACHED };
const MEDIA: KnownMembers = {
  read: new Set(['type', 'source', 'title']),
  hints: CACHED,
};
const CALL: KnownMembers = {
  read: new Set(['type', 'id', 'name', 'input', 'caller']),
  hints: CACHED,
};
const RESULT: KnownMembers = {
  read: new Set(['type', 'tool_use_id', 'content', 'is_error']),
  hints: CACHED,
};
const TOOL: KnownMembers = {
  read: new Set(['type', 'name', 'description', 'input_schema', 'strict']),
  hints: new Set(['cache_control', 'eager_input_streaming', 'input_examples']),
  defaults: { defer_loading: [false] },
};
const OUTPUT: KnownMembers = { read: new Set(['effort', 'format']) };
/** What a provider may take out of the conversation by itself: there is nothing of it elsewhere. */
const CLEARS_THINKING = /^clear_thinking_/;

export function readRequest(request: Fields, asked: AskedFor, losses: Losses): Conversation {
  checkMembers(withoutEmpty(request), REQUEST, '', losses);
  checkContext(request['context_management'], losses);
  const output = isObject(request['output_config']) ? request['output_config'] : {};
  checkMembers(output, OUTPUT, 'output_config', losses);
  const { tool_choice: choice, metadata, stop_sequences: stop } = request;
  const isParallel = isObject(choice) ? booleanOf(choice['disable_parallel_tool_use']) : null;
  return {
    ...asked,
    turns: turnsOf(request, losses),
    tools: objectsOf(request['tools']).map((tool, at) => toolOf(tool, `tools.${at}`, losses)),
    toolChoice: choiceOf(choice, losses),
    parallelCalls: isParallel === null ? null : !isParallel,
    format: formatOf(output['format'] ?? request['output_format'], losses),
    settings: {
      outputTokensMax: numberOf(request['max_tokens']),
      temperature: numberOf(request['temperature']),
      topP: numberOf(request['top_p']),
      topK: numberOf(request['top_k']),
      ...{ seed: null, frequencyPenalty: null, presencePenalty: null },
      stop: Array.isArray(stop) ? stop.map(said) : [],
    },
    thinking: thinkingOf(request['thinking'], output['effort'], losses),
    endUser: isObject(metadata) ? textOf(metadata['user_id']) : null,
    wantsUsage: true,
  };
}

function checkContext(management: unknown, losses: Losses): void {
  if (!isObject(management)) return;
  for (const { type } of objectsOf(management['edits'])) {
    if (CLEARS_THINKING.test(said(type))) losses.leaveOut('context_management');
    else losses.refuse('context_management');
  }
}

function turnsOf(request: Fields, losses: Losses): Turn[] {
  const { system, messages } = request;
  const turns: Turn[] = [];
  if (system != null && system !== '' && !(Array.isArray(system) && system.length === 0)) {
    turns.push({ role: 'system', parts: partsOf(system, 'system', losses), at: 'system' });
  }
  for (const [index, message] of objectsOf(messages).entries()) {
    const at = `messages.${index}`;
    const { role } = message;
    const parts = partsOf(message['content'], `${at}.content`, losses);
    if (role === 'user' || role === 'assistant' || role === 'system')
      turns.push({ role, parts, at });
    else losses.refuse(`${at}.role`);
  }
  return turns;
}

function partsOf(content: unknown, at: string, losses: Losses): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return objectsOf(content).flatMap((block, index) => partOf(block, `${at}.${index}`, losses));
}

function partOf(block: Fields, at: string, losses: Losses): Part[] {
  switch (block['type']) {
    case 'text': {
      checkMembers(withoutEmpty(block), TEXT, at, losses);
      const text = textOf(block['text']) ?? '';
      return text === '' ? [] : [{ kind: 'text', text }];
    }
    case 'image':
    case 'document':
      return mediaOf(block, at, losses);
    case 'tool_use': {
      checkMembers(block, CALL, at, losses);
      const { id, name, input } = block;
      const fields = isObject(input) ? input : {};
      return [{ kind: 'call', id: said(id), name: said(name), input: fields, signature: null }];
    }
    case 'tool_result': {
      checkMembers(block, RESULT, at, losses);
      const parts = resultParts(block['content'], `${at}.content`, losses);
      const isError = block['is_error'] === true;
      return [{ kind: 'result', id: said(block['tool_use_id']), parts, isError, at }];
    }
    case 'thinking': {
      const { thinking, signature } = block;
      const text = textOf(thinking) ?? '';
      return [{ kind: 'thinking', text, signature: textOf(signature), isRedacted: false, at }];
    }
    case 'redacted_thinking': {
      const signature = textOf(block['data']);
      return [{ kind: 'thinking', text: '', signature, isRedacted: true, at }];
    }
    default:
      losses.refuse(`${at}.type`);
      return [];
  }
}

function resultParts(content: unknown, at: string, losses: Losses): (TextPart | MediaPart)[] {
  return partsOf(content, at, losses).filter((part): part is TextPart | MediaPart => {
    const isTaken = part.kind === 'text' || part.kind === 'media';
    if (!isTaken) losses.refuse(at);
    return isTaken;
  });
}

function mediaOf(block: Fields, at: string, losses: Losses): (TextPart | MediaPart)[] {
  checkMembers(withoutEmpty(block), MEDIA, at, losses);
  const { type: block_type, title } = block;
  const source = isObject(block['source']) ? block['source'] : {};
  const { type, data, url, media_type: mediaType } = source;
  const name = textOf(title);
  if (type === 'text' && typeof data === 'string') return [{ kind: 'text', text: data }];
  if (type === 'base64' && typeof data === 'string') {
    return [{ kind: 'media', mediaType: textOf(mediaType), source: { data }, name, at }];
  }
  if (type === 'url' && typeof url === 'string') {
    const known = block_type === 'document' ? 'application/pdf' : null;
    return [{ kind: 'media', mediaType: known, source: { url }, name, at }];
  }
  losses.refuse(`${at}.source`);
  return [];
}

function toolOf(tool: Fields, at: string, losses: Losses): Tool {
  const { type, name, description, input_schema: schema, strict } = tool;
  if (type != null && type !== 'custom') losses.refuse(`${at}.type`, 'is a tool of its provider');
  else checkMembers(tool, TOOL, at, losses);
  return {
    name: said(name ?? ''),
    description: textOf(description),
    schema: isObject(schema) ? schema : null,
    strict: booleanOf(strict),
  };
}

function choiceOf(choice: unknown, losses: Losses): ToolChoice | null {
  if (!isObject(choice)) return null;
  const { type, name } = choice;
  if (type === 'auto' || type === 'none') return { kind: type };
  if (type === 'any') return { kind: 'required' };
  if (type === 'tool') return { kind: 'tool', name: said(name) };
  losses.refuse('tool_choice.type');
  return null;
}

function formatOf(format: unknown, losses: Losses): Format | null {
  if (!isObject(format)) return null;
  const { type, schema } = format;
  if (type === 'json_schema' && isObject(schema)) {
    return { kind: 'schema', schema, name: null, strict: null };
  }
  losses.refuse('output_config.format');
  return null;
}

function thinkingOf(thinking: unknown, effort: unknown, losses: Losses): Thinking | null {
  const asked = isObject(thinking) ? thinking : {};
  const { type, budget_tokens: budget, display } = asked;
  if (type === undefined && effort == null) return null;
  if (type === 'between_tools') losses.refuse('thinking.type');
  return {
    effort: effort == null ? null : (said(effort) as Effort),
    tokensMax: numberOf(budget),
    isOn: type === undefined ? null : type !== 'disabled',
    isShown: display !== 'omitted' && type !== 'disabled' && type !== undefined,
  };
}
