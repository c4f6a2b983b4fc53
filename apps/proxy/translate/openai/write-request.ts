/** A conversation, as a request for a chat completion. */
import type { Goal } from '../codec.ts';
import type {
  CallPart,
  Conversation,
  Fields,
  Format,
  MediaPart,
  Part,
  ResultPart,
  TextPart,
  ThinkingPart,
  Tool,
  ToolChoice,
  Turn,
} from '../conversation.ts';
import type { Losses } from '../losses.ts';
import { stated } from '../values.ts';
import { isOfText } from './thinking-text.ts';

/** As https://platform.openai.com/docs/api-reference/chat/create says. */
const STOPS_MAX = 4;
const END_USER_LENGTH_MAX = 64;
/** A schema needs a name there, which its model is told. */
const FORMAT_NAME = 'answer';
const BETWEEN_TEXTS = '\n\n';
const AUDIO = /^audio\/(?:x-)?(wav|mp3|mpeg)$/;

export function writeRequest(
  conversation: Conversation,
  goal: Goal,
  losses: Losses,
): Record<string, unknown> {
  const { turns, tools, toolChoice, parallelCalls, format, stream } = conversation;
  checkLast(turns, losses);
  return stated({
    model: goal.model,
    messages: turns.flatMap((turn) => messagesOf(turn, losses)),
    stream: stream ? true : null,
    ...settingsOf(conversation, goal, losses),
    tools: tools.length > 0 ? tools.map(toolOf) : null,
    tool_choice: toolChoice === null || tools.length === 0 ? null : choiceOf(toolChoice),
    parallel_tool_calls: tools.length > 0 ? parallelCalls : null,
    response_format: format === null ? null : formatOf(format),
    ...thinkingOf(conversation, goal, losses),
    ...endUserOf(conversation, goal, losses),
  });
}

/** The model would begin a turn of its own, where the client wants its words gone on with. */
function checkLast(turns: readonly Turn[], losses: Losses): void {
  const last = turns.at(-1);
  if (last?.role === 'assistant') losses.refuse(last.at, 'is an answer to be gone on with');
}

function settingsOf({ settings }: Conversation, goal: Goal, losses: Losses): Fields {
  const { outputTokensMax, temperature, topP, topK, seed, stop } = settings;
  if (topK !== null) losses.refuse(goal.names.topK);
  if (stop.length > STOPS_MAX) losses.refuse(goal.names.stop, `has more than ${STOPS_MAX} texts`);
  return {
    [goal.outputLimitField]: outputTokensMax,
    ...{ temperature, top_p: topP, seed, stop: stop.length > 0 ? stop : null },
    frequency_penalty: settings.frequencyPenalty,
    presence_penalty: settings.presencePenalty,
  };
}

/** Models that think there do so unasked; how much is said in words, and never in tokens. */
function thinkingOf({ thinking }: Conversation, goal: Goal, losses: Losses): Fields {
  if (thinking === null) return {};
  const { effort, tokensMax } = thinking;
  if (tokensMax !== null) losses.leaveOut(goal.names.thinking);
  return { reasoning_effort: effort };
}

function endUserOf({ endUser }: Conversation, goal: Goal, losses: Losses): Fields {
  if (endUser === null) return {};
  if (endUser.length <= END_USER_LENGTH_MAX) return { safety_identifier: endUser };
  losses.leaveOut(goal.names.endUser);
  return {};
}

function messagesOf({ role, parts }: Turn, losses: Losses): Fields[] {
  if (role === 'assistant') return [assistantMessage(parts, losses)];
  const results = parts.filter((part): part is ResultPart => part.kind === 'result');
  const messages = results.map((result) => toolMessage(result, losses));
  const said = parts.filter((part) => part.kind === 'text' || part.kind === 'media');
  if (said.length === 0 && results.length > 0) return messages;
  return [...messages, { role, content: contentOf(said, losses) }];
}

/** Texts alone are one text: many servers of this dialect take no lists of them. */
function contentOf(parts: readonly (TextPart | MediaPart)[], losses: Losses): unknown {
  const texts = parts.filter((part) => part.kind === 'text');
  if (texts.length === parts.length) return texts.map(({ text }) => text).join(BETWEEN_TEXTS);
  return parts.map((part) =>
    part.kind === 'text' ? { type: 'text', text: part.text } : mediaOf(part, losses),
  );
}

function mediaOf({ mediaType, source, name, at }: MediaPart, losses: Losses): Fields {
  const data = 'data' in source ? source.data : null;
  if (mediaType === null || mediaType.startsWith('image/')) {
    const url =
      data === null ? (source as { url: string }).url : `data:${mediaType};base64,${data}`;
    return { type: 'image_url', image_url: { url } };
  }
  const audio = AUDIO.exec(mediaType)?.[1];
  if (audio !== undefined && data !== null) {
    return { type: 'input_audio', input_audio: { data, format: audio === 'mpeg' ? 'mp3' : audio } };
  }
  if (mediaType === 'application/pdf' && data !== null) {
    const file = {
      filename: name ?? 'document.pdf',
      file_data: `data:${mediaType};base64,${data}`,
    };
    return { type: 'file', file };
  }
  losses.refuse(at, `is ${mediaType}, which is not taken there in this form`);
  return {};
}

function toolMessage({ id, parts, isError }: ResultPart, losses: Losses): Fields {
  if (isError) losses.leaveOut('is_error');
  const media = parts.find((part) => part.kind === 'media');
  if (media !== undefined)
    losses.refuse(media.at, 'is no text, and results of tools are texts there');
  return { role: 'tool', tool_call_id: id, content: contentOf(parts, losses) };
}

function assistantMessage(parts: readonly Part[], losses: Losses): Fields {
  const texts = parts.filter((part): part is TextPart => part.kind === 'text');
  const calls = parts.filter((part): part is CallPart => part.kind === 'call');
  const thoughts = parts.filter((part): part is ThinkingPart => part.kind === 'thinking');
  const media = parts.find((part) => part.kind === 'media');
  if (media !== undefined) losses.refuse(media.at);
  const known = thoughts.filter(isOfText);
  if (known.length < thoughts.length) losses.leaveOut('thinking');
  return {
    role: 'assistant',
    content: texts.length === 0 && calls.length > 0 ? null : contentOf(texts, losses),
    ...(known.length === 0
      ? {}
      : { reasoning_content: known.map(({ text }) => text).join('\n\n') }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(callOf) }),
  };
}

function callOf({ id, name, input, signature }: CallPart): Fields {
  const google = { thought_signature: signature };
  return {
    ...{ id, type: 'function', function: { name, arguments: JSON.stringify(input) } },
    ...(signature === null ? {} : { extra_content: { google } }),
  };
}

function toolOf({ name, description, schema, strict }: Tool): Fields {
  return { type: 'function', function: stated({ name, description, parameters: schema, strict }) };
}

function choiceOf(choice: ToolChoice): unknown {
  return choice.kind === 'tool'
    ? { type: 'function', function: { name: choice.name } }
    : choice.kind;
}

function formatOf(format: Format): Fields {
  if (format.kind === 'json') return { type: 'json_object' };
  const { schema, name, strict } = format;
  return {
    type: 'json_schema',
    json_schema: { name: name ?? FORMAT_NAME, schema, strict: strict ?? true },
  };
}
