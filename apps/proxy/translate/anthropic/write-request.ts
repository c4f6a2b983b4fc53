/** A conversation, as a request of the Messages API. */
import type { Goal } from '../codec.ts';
import type {
  Conversation,
  Fields,
  MediaPart,
  Part,
  ResultPart,
  ThinkingPart,
  Tool,
  ToolChoice,
  Turn,
} from '../conversation.ts';
import type { Losses } from '../losses.ts';
import { stated } from '../values.ts';
import { CallIds } from './call-ids.ts';
import { isOfMessages } from './thinking-proof.ts';

const TEMPERATURE_MAX = 1;
const NO_INPUT = { type: 'object', properties: {} };

export function writeRequest(
  conversation: Conversation,
  goal: Goal,
  losses: Losses,
): Record<string, unknown> {
  const { turns, tools, stream, endUser, settings } = conversation;
  const leading = turns.findIndex(({ role }) => role !== 'system');
  const system = leading === -1 ? turns : turns.slice(0, leading);
  const rest = leading === -1 ? [] : turns.slice(leading);
  const last = rest.at(-1);
  if (last?.role === 'assistant') losses.refuse(last.at, 'is an answer to be gone on with');
  const outputTokensMax = settings.outputTokensMax ?? goal.outputTokensMax;
  if (outputTokensMax === null) losses.fail({ code: 'output_limit_required' });
  const ids = new CallIds();
  return stated({
    model: goal.model,
    max_tokens: outputTokensMax,
    system: system.length > 0 ? systemOf(system, losses) : null,
    messages: joined(rest).map((turn) => messageOf(turn, ids, losses)),
    stream: stream ? true : null,
    ...settingsOf(conversation, goal, losses),
    tools: tools.length > 0 ? tools.map(toolOf) : null,
    tool_choice: tools.length > 0 ? choiceOf(conversation) : null,
    ...thinkingOf(conversation, goal, losses),
    metadata: endUser === null ? null : { user_id: endUser },
  });
}

function settingsOf({ settings }: Conversation, goal: Goal, losses: Losses): Fields {
  const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty, stop } = settings;
  const { names } = goal;
  if (seed !== null) losses.refuse(names.seed);
  if (frequencyPenalty !== null) losses.refuse(names.frequencyPenalty);
  if (presencePenalty !== null) losses.refuse(names.presencePenalty);
  if (temperature !== null && temperature > TEMPERATURE_MAX) {
    losses.refuse(names.temperature, `is above ${TEMPERATURE_MAX}, the most that is taken there`);
  }
  return { temperature, top_p: topP, top_k: topK, stop_sequences: stop.length > 0 ? stop : null };
}

/** The form of an answer and the effort have one place; models of this dialect think if they see fit. */
function thinkingOf({ thinking, format }: Conversation, goal: Goal, losses: Losses): Fields {
  if (format?.kind === 'json') losses.refuse(goal.names.format, 'asks for JSON without a schema');
  const schema = format?.kind === 'schema' ? { type: 'json_schema', schema: format.schema } : null;
  const asked = thinking?.effort ?? null;
  const effort = asked === 'none' ? null : asked === 'minimal' ? 'low' : asked;
  const config = stated({ effort, format: schema });
  return {
    thinking: thinking === null ? null : thinkingMode(thinking),
    output_config: Object.keys(config).length > 0 ? config : null,
  };
}

function thinkingMode({ isOn, tokensMax, isShown }: NonNullable<Conversation['thinking']>) {
  if (isOn === null) return null;
  if (!isOn) return { type: 'disabled' };
  if (tokensMax !== null) return { type: 'enabled', budget_tokens: tokensMax };
  return { type: 'adaptive', ...(isShown ? { display: 'summarized' } : {}) };
}

function systemOf(turns: readonly Turn[], losses: Losses): unknown {
  const parts = turns.flatMap(({ parts: said }) => said);
  const media = parts.find((part) => part.kind === 'media');
  if (media !== undefined) losses.refuse(media.at);
  const texts = parts.filter((part) => part.kind === 'text').map(({ text }) => text);
  const [only] = texts;
  return texts.length === 1 ? only : texts.map((text) => ({ type: 'text', text }));
}

/** Results of calls that were made together are one turn there, and what the user says with them is too. */
function joined(turns: readonly Turn[]): Turn[] {
  const found: { role: Turn['role']; parts: Part[]; at: string }[] = [];
  for (const { role, parts, at } of turns) {
    const before = found.at(-1);
    const joins = role === 'user' && before?.role === 'user' && before.parts.some(isResult);
    if (joins) before.parts.push(...parts);
    else found.push({ role, parts: [...parts], at });
  }
  return found;
}

function isResult(part: Part): boolean {
  return part.kind === 'result';
}

function messageOf({ role, parts }: Turn, ids: CallIds, losses: Losses): Fields {
  const [only] = parts;
  if (parts.length === 0) return { role, content: '' };
  if (parts.length === 1 && only?.kind === 'text') return { role, content: only.text };
  return { role, content: parts.flatMap((part) => blockOf(part, ids, losses)) };
}

function blockOf(part: Part, ids: CallIds, losses: Losses): Fields[] {
  switch (part.kind) {
    case 'text':
      return [{ type: 'text', text: part.text }];
    case 'media':
      return [mediaOf(part, losses)];
    case 'call':
      return [{ type: 'tool_use', id: ids.of(part.id), name: part.name, input: part.input }];
    case 'result':
      return [resultOf(part, ids, losses)];
    case 'thinking':
      return thinkingBlock(part, losses);
    default:
      return part satisfies never;
  }
}

function resultOf({ id, parts, isError }: ResultPart, ids: CallIds, losses: Losses): Fields {
  const [only] = parts;
  const content =
    parts.length === 1 && only?.kind === 'text'
      ? only.text
      : parts.flatMap((part) => blockOf(part, ids, losses));
  return {
    ...{ type: 'tool_result', tool_use_id: ids.of(id) },
    ...(parts.length === 0 ? {} : { content }),
    ...(isError ? { is_error: true } : {}),
  };
}

/** What another provider has thought is not taken as one's own. */
function thinkingBlock(part: ThinkingPart, losses: Losses): Fields[] {
  const { text, signature, isRedacted } = part;
  if (!isOfMessages(part)) {
    losses.leaveOut('thinking');
    return [];
  }
  return isRedacted
    ? [{ type: 'redacted_thinking', data: signature }]
    : [{ type: 'thinking', thinking: text, signature }];
}

function mediaOf({ mediaType, source, name, at }: MediaPart, losses: Losses): Fields {
  const isDocument = mediaType === 'application/pdf';
  if (mediaType !== null && !isDocument && !mediaType.startsWith('image/')) {
    losses.refuse(at, `is ${mediaType}, which is not taken there`);
  }
  const given =
    'url' in source
      ? { type: 'url', url: source.url }
      : { type: 'base64', media_type: mediaType ?? '', data: source.data };
  if ('data' in source && mediaType === null) losses.refuse(at, 'does not say what it is');
  const title = isDocument && name !== null ? { title: name } : {};
  return { type: isDocument ? 'document' : 'image', source: given, ...title };
}

function toolOf({ name, description, schema, strict }: Tool): Fields {
  return stated({ name, description, input_schema: schema ?? NO_INPUT, strict: strict || null });
}

function choiceOf({ toolChoice, parallelCalls }: Conversation): Fields | null {
  const alone = parallelCalls === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === null) return parallelCalls === false ? { type: 'auto', ...alone } : null;
  return choiceFields(toolChoice, alone);
}

function choiceFields(choice: ToolChoice, alone: Fields): Fields {
  switch (choice.kind) {
    case 'none':
      return { type: 'none' };
    case 'auto':
      return { type: 'auto', ...alone };
    case 'required':
      return { type: 'any', ...alone };
    case 'tool':
      return { type: 'tool', name: choice.name, ...alone };
    default:
      return choice satisfies never;
  }
}
