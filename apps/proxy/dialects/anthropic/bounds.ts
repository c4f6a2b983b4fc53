/**
 * What in a request of the Messages API lets nobody say beforehand what it may cost. Members and blocks that
 * are not listed here are taken for such: what a provider adds later may be billed in a way of its own.
 */
import {
  type MediaKind,
  mediaKinds,
  type OpenParts,
} from '@tollgate/domain/pricing/open-bounds.ts';
import type { MessagesRequest } from '@tollgate/schemas/anthropic/requests.ts';
import { statedType } from '../shared/stated-type.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What it asks for has a bound in the request's own bytes and its `max_tokens`. */
const BOUNDED_FIELDS: ReadonlySet<string> = new Set([
  ...['model', 'max_tokens', 'messages', 'system', 'stream', 'tools', 'tool_choice', 'metadata'],
  ...['stop_sequences', 'temperature', 'top_k', 'top_p', 'thinking', 'service_tier'],
  ...['output_config', 'output_format', 'cache_control'],
]);
/** Blocks whose tokens are in the bytes that are sent. */
const BOUNDED_BLOCKS: ReadonlySet<string> = new Set([
  ...['text', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking', 'search_result'],
  'server_tool_use',
]);
const MEDIA: ReadonlyMap<string, MediaKind> = new Map<string, MediaKind>([
  ['image', 'image'],
  ['document', 'file'],
]);
/** Tools that run at the client: the provider has texts of its own for them, and nothing else. */
const CLIENT_TOOL = /^(?:custom|bash_\d+|text_editor_\d+|computer_\d+|memory_\d+)$/;
const SEARCH_TOOL = /^web_search_\d+$/;
const TIERS: ReadonlySet<unknown> = new Set(['auto', 'standard_only', null, undefined]);

export type Bounds = {
  /** The part's name for the client; null: all of it has a bound. */
  unboundedBy: string | null;
  /** Null: there are none, or others, that no operator's bound is for. */
  openParts: OpenParts | null;
  /** It may write cache entries of an hour. */
  asksForHours: boolean;
};

export function boundsOf(request: MessagesRequest): Bounds {
  const found = new Found();
  for (const name in request) {
    if (BOUNDED_FIELDS.has(name) || isUnasked(request[name])) continue;
    found.close(`\`${name}\``);
  }
  if (!TIERS.has(request.service_tier)) found.close('`service_tier`');
  found.cached(request);
  found.blocks(request.system);
  for (const message of request.messages) found.blocks(message.content);
  for (const tool of request.tools ?? []) found.tool(tool);
  return found.bounds();
}

function isUnasked(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}

class Found {
  /** A part that nothing bounds. */
  #closed: string | null = null;
  /** A part that an operator may give a bound. */
  #open: string | null = null;
  readonly #media = Object.fromEntries(
    mediaKinds.map((kind) => [kind, { count: 0, bytes: 0 }]),
  ) as Record<MediaKind, { count: number; bytes: number }>;
  #searches = false;
  #asksForHours = false;

  close(part: string): void {
    this.#closed ??= part;
  }

  /** `ttl` of what is cached. */
  cached({ cache_control: control }: Fields): void {
    const { ttl } = (control ?? {}) as { ttl?: unknown };
    if (ttl === undefined || ttl === null || ttl === '5m') return;
    if (ttl === '1h') this.#asksForHours = true;
    else this.close('`cache_control` with another `ttl` than 5m and 1h');
  }

  blocks(content: unknown): void {
    if (!Array.isArray(content)) return;
    for (const block of content as Fields[]) this.#block(block);
  }

  #block(block: Fields): void {
    if (typeof block !== 'object' || block === null) return;
    this.cached(block);
    const type = statedType(block['type']);
    if (BOUNDED_BLOCKS.has(type)) return this.blocks(block['content']);
    const kind = MEDIA.get(type);
    const source = (block['source'] ?? {}) as Fields;
    if (kind === undefined) return this.close(`content block \`${type}\``);
    if (source['type'] === 'text') return;
    if (source['type'] === 'content') return this.blocks(source['content']);
    this.#open ??= `content block \`${type}\``;
    const data = source['data'];
    this.#media[kind].count++;
    // In base64, which nobody reads as text.
    this.#media[kind].bytes += typeof data === 'string' ? data.length : 0;
  }

  tool(tool: Fields): void {
    this.cached(tool);
    const type = tool['type'] ?? 'custom';
    if (typeof type !== 'string' || CLIENT_TOOL.test(type)) return;
    if (!SEARCH_TOOL.test(type)) return this.close(`tool \`${type}\``);
    // What it finds is input that the request does not bound.
    this.#open ??= `tool \`${type}\``;
    this.#searches = true;
  }

  bounds(): Bounds {
    const unboundedBy = this.#closed ?? this.#open;
    const isOpen = this.#closed === null && this.#open !== null;
    return {
      unboundedBy,
      openParts: isOpen ? { media: this.#media, stored: false, searches: this.#searches } : null,
      asksForHours: this.#asksForHours,
    };
  }
}
