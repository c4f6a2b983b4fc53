/** What in a chat request lets nobody say beforehand what it may cost. */
import type { chatCompletionRequest } from '@tollgate/schemas/openai/requests.ts';
import type { z } from 'zod';
import { isSpellingOf, UNBOUNDED_FIELDS } from './json-body.ts';
import { LISTED_TIERS } from './listed-tiers.ts';

export type ChatCompletionRequest = z.infer<typeof chatCompletionRequest>;

const BOUNDED_PARTS = new Set(['text', 'refusal']);
const BOUNDED_TOOLS = new Set(['function', 'custom']);
/** What is read of a message, a content part or a tool. */
const NESTED_FIELDS = new Set(['role', 'content', 'audio', 'type']);

/** @returns the part's name for the client, null if all of the request has a bound */
export function unboundedPart(request: ChatCompletionRequest): string | null {
  const name = misspeltWithin(request);
  if (name !== undefined) return `\`${name}\``;
  for (const { content, audio } of request.messages) {
    // An answer that the provider has kept, of any length.
    if (audio != null) return '`audio` of a message';
    if (!Array.isArray(content)) continue;
    const part = content.find((candidate) => !BOUNDED_PARTS.has(candidate.type));
    if (part !== undefined) return `content part \`${part.type}\``;
  }
  const tool = request.tools?.find((candidate) => !BOUNDED_TOOLS.has(candidate.type));
  if (tool !== undefined) return `tool \`${tool.type}\``;
  const field = UNBOUNDED_FIELDS.find((unbounded) => request[unbounded] != null);
  if (field !== undefined) return `\`${field}\``;
  return LISTED_TIERS.has(request.service_tier) ? null : '`service_tier`';
}

function misspeltWithin({ messages, tools }: ChatCompletionRequest): string | undefined {
  for (const message of messages) {
    const parts = Array.isArray(message.content) ? message.content : [];
    for (const value of [message, ...parts]) {
      const name = misspelt(value);
      if (name !== undefined) return name;
    }
  }
  for (const tool of tools ?? []) {
    const name = misspelt(tool);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** As at the top of a body: another spelling may be the one that counts over there. */
function misspelt(value: object): string | undefined {
  for (const name in value) {
    if (isSpellingOf(name, NESTED_FIELDS)) return name;
  }
  return undefined;
}
