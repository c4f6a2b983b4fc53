/** What in a chat request lets nobody say beforehand what it may cost. */
import type { chatCompletionRequest } from '@tollgate/schemas/openai/requests.ts';
import type { z } from 'zod';
import { isSpellingOf, UNBOUNDED_FIELDS } from './json-body.ts';
import { isNoTier } from './listed-tiers.ts';

export type ChatCompletionRequest = z.infer<typeof chatCompletionRequest>;

export const BOUNDED_PARTS: ReadonlySet<string> = new Set(['text', 'refusal']);
export const BOUNDED_TOOLS: ReadonlySet<string> = new Set(['function', 'custom']);
/** What is read of a message, a content part or a tool. */
const NESTED_FIELDS = new Set(['role', 'content', 'audio', 'type', 'cache_control']);

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
  const field = UNBOUNDED_FIELDS.find((unbounded) => isAsked(request[unbounded]));
  if (field !== undefined) return `\`${field}\``;
  if (writesForLong(request)) return '`cache_control` with another `ttl` than 5m';
  return isNoTier(request.service_tier) ? '`service_tier`' : null;
}

/** Whether a member asks for anything. */
export function isAsked(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

/**
 * It asks for cache entries of another life than the five minutes that price lists mean: those of an
 * hour cost double the input, and no list here says so (earendil-works/pi#5738).
 */
export function writesForLong(request: ChatCompletionRequest): boolean {
  if (isLong(request)) return true;
  for (const message of request.messages) {
    if (isLong(message)) return true;
    const { content } = message;
    if (Array.isArray(content) && content.some(isLong)) return true;
  }
  return request.tools?.some((tool) => isLong(tool) || isLong(tool['function'])) ?? false;
}

function isLong(value: unknown): boolean {
  const control = (value as { cache_control?: unknown } | null | undefined)?.cache_control;
  if (control === undefined || control === null) return false;
  const { ttl = null } = control as { ttl?: unknown };
  return ttl !== null && ttl !== '5m';
}

export function misspeltWithin({ messages, tools }: ChatCompletionRequest): string | undefined {
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
