/** `POST /v1/messages`: what it asks for, and what it may cost. */
import type { Capability } from '@tollgate/domain/routing/route.ts';
import { endUserOf } from '@tollgate/domain/usage/end-user.ts';
import { type MessagesRequest, messagesRequest } from '@tollgate/schemas/anthropic/requests.ts';
import type { Endpoint, FactsRead, IncomingCall } from '../dialect.ts';
import { billedFields, invalidRequest, memberRange, readJsonBody } from '../openai/json-body.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import { errorBody } from './error-body.ts';
import { guardedMembers } from './guarded-members.ts';
import { MessagesCall } from './messages-call.ts';

const NAME = 'messages';
/** What the provider says to its model about tools: some hundred tokens, and as many for each of its own. */
const TOOLS_TOKENS = 1_024;
const OWN_TOOL_TOKENS = 1_024;

/** Fields that decide what is billed: the body may have each of them once. */
const BILLED = billedFields([
  ...['model', 'max_tokens', 'messages', 'system', 'stream', 'tools', 'thinking', 'metadata'],
  ...['service_tier', 'context_management', 'container', 'mcp_servers', 'fallbacks', 'speed'],
  ...['inference_geo', 'cache_control', 'output_config'],
]);

export const messages: Endpoint = {
  method: 'POST',
  path: '/v1/messages',
  name: NAME,
  read: readMessagesRequest,
  open: (facts, headers) => new MessagesCall(facts, headers ?? {}),
  plainTexts: textsOf,
  guarded: guardedMembers,
  errorBody,
};

function readMessagesRequest({ body: bytes }: IncomingCall, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax, BILLED);
  if (!read.ok) return read;
  const parsed = messagesRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  const { body } = read;
  const request = parsed.data;
  const bounds = boundsOf(request);
  const { unboundedBy, openParts, asksForHours } = bounds;
  return {
    ok: true,
    facts: {
      endpoint: NAME,
      model: request.model,
      stream: request.stream === true,
      endUser: endUserOf(request.metadata?.user_id),
      inputTokensMax: body.tokensMax + toolTokens(request),
      // Thinking is within it.
      outputTokensMax: request.max_tokens,
      answerCount: 1,
      unboundedBy,
      openParts,
      needs: needsOf(request, bounds),
      otherModels: request['fallbacks'] == null ? null : 'fallbacks',
      ...(asksForHours ? { more: { cacheWrites1h: true } } : {}),
      body: body.bytes,
      modelAt: memberRange(body, 'model'),
      limitAt: null,
      members: body.scan.members,
      edits: [],
    },
  };
}

function toolTokens({ tools }: MessagesRequest): number {
  let tokens = 0;
  for (const { type } of tools ?? []) {
    tokens += type == null || type === 'custom' ? 0 : OWN_TOOL_TOKENS;
  }
  return tools == null || tools.length === 0 ? 0 : tokens + TOOLS_TOKENS;
}

function needsOf(request: MessagesRequest, { openParts }: Bounds): readonly Capability[] {
  const needs: Capability[] = [];
  if (request.tools != null && request.tools.length > 0) needs.push('tools');
  if (openParts !== null && openParts.media.image.count > 0) needs.push('vision');
  if (openParts !== null && openParts.media.file.count > 0) needs.push('files');
  return needs;
}

/** Texts of the conversation, each of which is a whole block of its own. */
function textsOf(request: unknown): string[] {
  const { messages: all, system } = request as MessagesRequest;
  const contents: unknown[] = [system, ...all.map(({ content }) => content)];
  return contents.flatMap((content) => {
    if (typeof content === 'string') return [content];
    if (!Array.isArray(content) || content.length !== 1) return [];
    const [{ type, text }] = content as [{ type: string; text?: unknown }];
    return type === 'text' && typeof text === 'string' ? [text] : [];
  });
}
