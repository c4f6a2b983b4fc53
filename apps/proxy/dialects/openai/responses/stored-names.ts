/**
 * Which objects that a provider has stored a Responses request names, and which items of an answer can be
 * named later: whose they are is asked before the request goes anywhere (I10).
 */
import type { ResponsesItem, ResponsesRequest } from '@tollgate/schemas/openai/responses.ts';
import type { Refusal } from '../../../errors.ts';
import type { StoredName } from '../../dialect.ts';
import { isAsked } from '../chat-bounds.ts';
import { isSpellingOf } from '../json-body.ts';

type Fields = Readonly<Record<string, unknown>>;

const REFERENCE = 'item_reference';
/** Messages, and calls of tools that the client runs with what came of them: all of it is in the body. */
const WHOLE_ITEMS: ReadonlySet<unknown> = new Set([
  ...['message', 'function_call', 'function_call_output', 'custom_tool_call'],
  ...['custom_tool_call_output', 'local_shell_call', 'local_shell_call_output'],
  ...['apply_patch_call', 'apply_patch_call_output'],
]);

export function isWholeInBody(type: unknown): boolean {
  return WHOLE_ITEMS.has(type);
}

/** A reference need not say that it is one; a message says whose it is. */
export function typeOfItem({ type, role }: ResponsesItem): string {
  return type ?? (role == null ? REFERENCE : 'message');
}

/** @param bytes of the request, as the provider gets it */
export function storedNames(request: ResponsesRequest, bytes: Buffer): StoredName[] | Refusal {
  const { conversation, previous_response_id: previous } = request;
  // seam: conversations-have-no-owner-here
  if (isAsked(conversation)) return CONVERSATION;
  const names: StoredName[] = [];
  if (isAsked(previous)) {
    if (typeof previous !== 'string') return NO_ID;
    names.push({ id: previous, param: 'previous_response_id' });
  }
  for (const param of ['input', 'instructions'] as const) {
    const items = request[param];
    if (!Array.isArray(items)) continue;
    for (const item of items) {
      if (isMisspelt(item)) return { code: 'ambiguous_json', param };
      for (const id of idsOf(item)) names.push({ id, param });
    }
  }
  for (const id of containersOf(request.tools)) names.push({ id, param: 'tools' });
  if (names.length > NAMES_MAX) return TOO_MANY;
  // Of a member that is there twice the provider may read the one that was not looked at.
  const mayName = names.length > 0 || NAMED_BY.some((text) => bytes.includes(text));
  // seam: an-id-is-stated-once
  return mayName && hasTwice(request, bytes) ? TWICE : names;
}

/** Without any of these in its bytes a request has no member that names: the last may be a letter of one. */
const NAMED_BY = ['id"', 'container', '\\u'];

/** As many as a provider has room for in one conversation. */
const NAMES_MAX = 4_096;

function idsOf(item: ResponsesItem): string[] {
  const type = typeOfItem(item);
  const ids: unknown[] = [item['approval_request_id']];
  // What it thought may be in the body, closed for all but the provider.
  const isThought = type === 'reasoning' && typeof item['encrypted_content'] === 'string';
  if (!isWholeInBody(type) && !isThought) ids.push(item['id']);
  return ids.filter((id) => typeof id === 'string');
}

/** Where a tool works on with what earlier calls have left: their files are in it. */
function containersOf(tools: ResponsesRequest['tools']): string[] {
  const ids = (tools ?? []).flatMap((tool) => [tool['container'], containerIn(tool)]);
  // seam: container-is-its-owners-alone
  return ids.filter((id) => typeof id === 'string');
}

/** The container that an item of an answer, or a tool, says it works in. */
export function containerIn({ container_id, environment }: Fields): unknown {
  if (typeof environment !== 'object' || environment === null) return container_id;
  return (environment as Fields)['container_id'] ?? container_id;
}

const NAMING: ReadonlySet<string> = new Set(['type', 'id', 'role']);

/** A provider that takes members without regard to case may take another one for the id. */
function isMisspelt(item: ResponsesItem): boolean {
  for (const name in item) if (isSpellingOf(name, NAMING)) return true;
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Whether there are more members in the text than what was read of it has. */
function hasTwice(request: unknown, bytes: Buffer): boolean {
  let colons = 0;
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at];
    if (code === COLON) colons++;
    if (code !== QUOTE) continue;
    for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
  }
  return colons !== membersOf(request);
}

/** Of a value that is no deeper than a request may be. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value);
  let members = Array.isArray(value) ? 0 : inside.length;
  for (const one of inside) members += membersOf(one);
  return members;
}

const CONVERSATION: Refusal = {
  code: 'invalid_request',
  param: 'conversation',
  message:
    'This gateway serves no stored conversations: it does not know whose they are. ' +
    'Use `previous_response_id`, or send the conversation with each request.',
};
const NO_ID: Refusal = {
  code: 'invalid_request',
  param: 'previous_response_id',
  message: '`previous_response_id` must be a string.',
};
const TWICE: Refusal = {
  code: 'invalid_request',
  param: 'input',
  message: 'The request names what is stored, and has a member twice: it may be read in two ways.',
};
const TOO_MANY: Refusal = {
  code: 'invalid_request',
  param: 'input',
  message: `The request names more than ${NAMES_MAX} stored items.`,
};
