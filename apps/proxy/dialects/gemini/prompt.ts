/** What a user asks in a request, for its complexity (`domain/routing/complexity`). What is read is bounded. */
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { Member } from '../../relay/json-scan.ts';
import { memberNamed } from './body.ts';
import { listed } from './bounds.ts';

/** Longer conversations are not parsed again, bytes. */
const PARSED_BYTES_MAX = 64 * 1024;
/** What a turn of a long conversation takes at least, bytes. */
const TURN_BYTES = 512;

type Content = { role?: unknown; parts?: unknown };

export function promptOf(body: Buffer, members: readonly Member[]): Prompt {
  const contents = memberNamed(members, 'contents');
  const tools = toolsIn(body, memberNamed(members, 'tools'));
  if (contents === undefined) return { text: '', turns: 1, tools };
  const { start, end } = contents;
  if (end - start > PARSED_BYTES_MAX) {
    return { text: '', turns: Math.ceil((end - start) / TURN_BYTES), tools };
  }
  const turns = listed(JSON.parse(body.toString('utf8', start, end))) as Content[];
  const last = turns.findLast(({ role }) => role === undefined || role === 'user');
  return { text: textIn(last), turns: turns.length, tools };
}

function textIn(content: Content | undefined): string {
  const texts = listed(content?.parts).map((part) => (part as { text?: unknown } | null)?.text);
  return texts.filter((text) => typeof text === 'string').join('\n');
}

/** Functions, over all tools. */
function toolsIn(body: Buffer, member: Member | undefined): number {
  if (member === undefined || member.end - member.start > PARSED_BYTES_MAX) {
    return member === undefined ? 0 : MANY_TOOLS;
  }
  const tools = listed(JSON.parse(body.toString('utf8', member.start, member.end)));
  return tools.reduce((sum: number, tool) => sum + functionsOf(tool), 0);
}

function functionsOf(tool: unknown): number {
  if (typeof tool !== 'object' || tool === null) return 0;
  const { functionDeclarations, function_declarations } = tool as Record<string, unknown>;
  return Math.max(1, listed(functionDeclarations ?? function_declarations).length);
}

const MANY_TOOLS = 16;
