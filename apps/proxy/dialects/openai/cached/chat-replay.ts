/**
 * A recorded JSON answer as the stream that a client asked for: chunks as OpenAI sends them, which SDKs
 * put together to the same message. A text comes in pieces, since interfaces show it as it comes
 * (semantic-router PR#937 sent all of it at once).
 */
import { JsonReader, jsonText } from '../../../relay/json-text.ts';

type Fields = Record<string, unknown>;

/** Characters of a piece. */
const PIECE_LENGTH = 48;

/** @param statesUsage the client asked for the chunk with the usage */
export function streamOf(recorded: Buffer, statesUsage: boolean): Buffer {
  const { choices, usage, ...rest } = new JsonReader().parse(jsonText(recorded)) as Fields;
  const base = { ...rest, object: 'chat.completion.chunk' };
  // A stream that states its usage has a null of it in every other chunk.
  const none = statesUsage ? { usage: null } : {};
  const events: string[] = [];
  const send = (chunk: Fields) => {
    events.push(`data: ${JSON.stringify({ ...base, ...chunk })}\n\n`);
  };
  for (const choice of choices as Fields[]) {
    const { index, message, finish_reason, logprobs = null, ...others } = choice;
    const chunk = (delta: Fields, more: Fields = {}) =>
      send({ choices: [{ index, delta, logprobs: null, finish_reason: null, ...more }], ...none });
    for (const delta of deltasOf(message as Fields, logprobs !== null)) {
      chunk(delta, 'content' in delta && !('role' in delta) ? { logprobs } : {});
    }
    chunk({}, { finish_reason, ...others });
  }
  if (statesUsage) send({ choices: [], usage });
  events.push('data: [DONE]\n\n');
  return Buffer.from(events.join(''));
}

/** @param whole a text goes in one piece: what is said of its tokens is of all of it */
function* deltasOf(message: Fields, whole: boolean): Generator<Fields> {
  const { role = 'assistant', tool_calls: calls, ...others } = message;
  yield { role, content: message['content'] === null ? null : '' };
  for (const [name, value] of Object.entries(others)) {
    if (value === null || value === '') continue;
    if (typeof value !== 'string' || whole) yield { [name]: value };
    else for (const piece of pieces(value)) yield { [name]: piece };
  }
  if (!Array.isArray(calls)) return;
  for (const [index, call] of (calls as (Fields | null)[]).entries()) {
    const called = call?.['function'] as Fields | undefined;
    if (typeof called?.['arguments'] !== 'string') {
      yield { tool_calls: [{ index, ...call }] };
      continue;
    }
    yield { tool_calls: [{ index, ...call, function: { ...called, arguments: '' } }] };
    yield { tool_calls: [{ index, function: { arguments: called['arguments'] } }] };
  }
}

/** Never between the halves of a surrogate pair. */
function* pieces(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + PIECE_LENGTH, text.length);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last < 0xdc00) to++;
    yield text.slice(from, to);
    from = to;
  }
}
