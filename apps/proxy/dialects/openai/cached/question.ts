/**
 * The question of a chat request: the text that its last message asks with, and all the rest. What is not
 * just a text, or not written as its parser would write it, is no question here.
 */
import { compactJson } from '../../../relay/json-canonical.ts';
import type { Member } from '../../../relay/json-scan.ts';
import type { Question } from '../../dialect.ts';
import { cacheText, leavesOut } from './cache-text.ts';

type Fields = Record<string, unknown>;

/** With one of them, an answer is an act. */
const TOOLS = new Set(['tools', 'functions', 'tool_choice', 'function_call']);
/** Of messages that instruct, and are no turn of a conversation. */
const INSTRUCTING: ReadonlySet<unknown> = new Set(['system', 'developer']);

export function questionOf(
  body: Buffer,
  members: readonly Member[],
  hasEndUser: boolean,
): Question | null {
  // seam: tools-are-no-question
  if (members.some(({ name }) => TOOLS.has(name))) return null;
  const member = members.find(({ name }) => name === 'messages');
  if (member === undefined) return null;
  const raw = body.toString('utf8', member.start, member.end);
  const messages = JSON.parse(raw) as Fields[];
  // A member twice, or a number that is not kept, is lost here, and would be in nothing that is compared.
  if (JSON.stringify(messages) !== compactJson(raw)) return null;
  const last = messages.at(-1);
  const text = last?.['role'] === 'user' ? textOf(last['content']) : null;
  if (text === null || text.trim() === '') return null;
  const earlier = messages.slice(0, -1);
  const value = JSON.stringify([...earlier, { ...last, content: null }]);
  const rest = cacheText(body, members, leavesOut.chat, hasEndUser, { name: member.name, value });
  if (rest === null) return null;
  // seam: turns-are-told-from-questions
  const hasTurns = earlier.some(({ role }) => !INSTRUCTING.has(role));
  return { text, rest, hasTurns };
}

function textOf(content: unknown): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || content.length !== 1) return null;
  const { type, text, ...others } = content[0] as Fields;
  const isText = type === 'text' && typeof text === 'string' && Object.keys(others).length === 0;
  return isText ? text : null;
}
