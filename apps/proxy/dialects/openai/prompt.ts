/**
 * What a user asks in a chat request (`domain/routing/complexity`). What is read is bounded, however long
 * the conversation is: of a long one its end, which is where the user speaks last.
 */
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { Member } from '../../relay/json-scan.ts';

/** Messages, or tools, up to this are parsed, bytes: some 0.3 ms. */
const PARSED_BYTES_MAX = 64 * 1024;
/** Of longer ones the end is read, bytes. */
const TAIL_BYTES = 16 * 1024;
/** Of messages of the user, the last ones that are looked for. */
const LOOKED_FOR_MAX = 4;
/** A message of fewer words means little without the one before: "yes, do that" (litellm PR#35471). */
const WORDS_MIN = 6;
/** Where there are more tools than are counted. */
const MANY_TOOLS = 16;
/** What a message of a long conversation takes at least, bytes. */
const MESSAGE_BYTES = 512;

type Message = { role?: unknown; content?: unknown };

export function promptOf(body: Buffer, members: readonly Member[], said = 'messages'): Prompt {
  const messages = members.find(({ name }) => name === said);
  const tools = members.find(({ name }) => name === 'tools');
  const many = tools === undefined ? 0 : countOf(body, tools);
  if (messages === undefined) return { text: '', turns: 1, tools: many };
  const { start, end } = messages;
  if (end - start > PARSED_BYTES_MAX) {
    const text = textOf(lastOf(body.toString('utf8', end - TAIL_BYTES, end)));
    return { text, turns: Math.ceil((end - start) / MESSAGE_BYTES), tools: many };
  }
  const all: unknown = JSON.parse(body.toString('utf8', start, end));
  if (!Array.isArray(all))
    return { text: typeof all === 'string' ? all : '', turns: 1, tools: many };
  return { text: textOf((all as Message[]).toReversed()), turns: all.length, tools: many };
}

function countOf(body: Buffer, { start, end }: Member): number {
  if (end - start > PARSED_BYTES_MAX) return MANY_TOOLS;
  const tools: unknown = JSON.parse(body.toString('utf8', start, end));
  return Array.isArray(tools) ? tools.length : 0;
}

/** @param messages the last one first */
function textOf(messages: Iterable<Message>): string {
  let text = '';
  let left = LOOKED_FOR_MAX;
  for (const { role, content } of messages) {
    if (role !== 'user' || left-- === 0) continue;
    text = text === '' ? saidIn(content) : `${saidIn(content)}\n${text}`;
    // seam: short-reply-is-read-with-what-it-answers
    if (text.split(/\s+/, WORDS_MIN).length >= WORDS_MIN) break;
  }
  return text;
}

function saidIn(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : ''))
    .filter((text) => text !== '')
    .join('\n');
}

/**
 * Messages at the end of a list, the last one first. A quotation mark within a text is escaped, so the name of
 * a member is found without reading what is before it; a message that begins with another member than its
 * role is not understood.
 *
 * @param tail of the list's JSON
 */
function* lastOf(tail: string): Generator<Message> {
  let end = tail.lastIndexOf(']');
  let isFound = false;
  for (let at = roleBefore(tail, end); at !== -1; at = roleBefore(tail, at - 1)) {
    // The messages before this one end where it begins.
    const message = parsed(`{${tail.slice(at, end)}`);
    end = tail.lastIndexOf('}', at) + 1;
    if (message === null) continue;
    isFound ||= message.role === 'user' && message.content !== undefined;
    yield message;
  }
  // One message is longer than what is read: this is its end.
  if (!isFound) yield { role: 'user', content: tail };
}

function roleBefore(tail: string, at: number): number {
  return at < 0 ? -1 : tail.lastIndexOf('"role"', at);
}

function parsed(json: string): Message | null {
  try {
    return JSON.parse(json) as Message;
  } catch {
    return null;
  }
}
