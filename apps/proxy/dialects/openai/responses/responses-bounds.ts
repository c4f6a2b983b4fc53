/**
 * What in a Responses request lets nobody say beforehand what it may cost: media, what the provider has
 * stored, tools that it runs itself. An operator may bound some of it (`openParts`).
 */
import {
  type MediaKind,
  mediaKinds,
  type OpenParts,
} from '@tollgate/domain/pricing/open-bounds.ts';
import type { ResponsesItem, ResponsesRequest } from '@tollgate/schemas/openai/responses.ts';
import { statedType } from '../../shared/stated-type.ts';
import { isAsked } from '../chat-bounds.ts';
import { isSpellingOf, UNBOUNDED_FIELDS } from '../json-body.ts';
import { isNoTier } from '../listed-tiers.ts';
import { isWholeInBody, typeOfItem } from './stored-names.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Text that is in the body, by the user or by a model. */
const TEXT_PARTS: ReadonlySet<string> = new Set([
  ...['input_text', 'output_text', 'text', 'refusal', 'summary_text', 'reasoning_text'],
]);
const MEDIA: ReadonlyMap<string, MediaKind> = new Map<string, MediaKind>([
  ['input_image', 'image'],
  ['input_file', 'file'],
  ['input_audio', 'audio'],
]);
/** What the provider looks up: an item by its id, a search with what it found. */
const STORED_ITEMS: ReadonlySet<string> = new Set(['item_reference', 'web_search_call']);
/** The client runs them. */
const CLIENTS_TOOLS: ReadonlySet<string> = new Set([
  ...['function', 'custom', 'local_shell', 'apply_patch'],
]);
const SEARCHING_TOOL = /^web_search/;
const STORED_FIELDS = ['previous_response_id', 'conversation'];
/** Members of this API with input from elsewhere, or with model runs that no limit counts. */
const OTHER_FIELDS = ['prompt', 'context_management'];
/** What is read of an item, a part or a tool. */
const NESTED_FIELDS = new Set([
  ...['role', 'content', 'type', 'output', 'id', 'encrypted_content', 'tools'],
  ...['image_url', 'file_id', 'file_url', 'file_data'],
]);

export type Bounds = {
  /** The first part without a bound, as the client is told; null: all of it has one. */
  unboundedBy: string | null;
  /** All such parts, if an operator may bound each of them. */
  openParts: OpenParts | null;
};

type Found = { part: string; open: 'stored' | 'searches' | MediaItem | null };
type MediaItem = { kind: MediaKind; bytes: number };

export function boundsOf(request: ResponsesRequest): Bounds {
  const found = partsOf(request);
  const [first] = found;
  if (first === undefined) return { unboundedBy: null, openParts: null };
  if (found.some(({ open }) => open === null)) {
    return { unboundedBy: first.part, openParts: null };
  }
  const none = mediaKinds.map((kind) => [kind, { count: 0, bytes: 0 }]);
  const media = Object.fromEntries(none) as Record<MediaKind, { count: number; bytes: number }>;
  for (const { open } of found) {
    if (open === null || typeof open === 'string') continue;
    media[open.kind].count++;
    media[open.kind].bytes += open.bytes;
  }
  const has = (what: string) => found.some(({ open }) => open === what);
  const openParts = { media, stored: has('stored'), searches: has('searches') };
  return { unboundedBy: first.part, openParts };
}

function partsOf(request: ResponsesRequest): Found[] {
  const found: Found[] = [];
  const items = [request.input, request.instructions].flatMap((input) =>
    Array.isArray(input) ? input : [],
  );
  for (const item of items) found.push(...partsOfItem(item));
  for (const tool of request.tools ?? []) {
    const { type } = tool;
    const part = `tool \`${type}\``;
    if (misspelt(tool)) found.push({ part, open: null });
    else if (SEARCHING_TOOL.test(type)) found.push({ part, open: 'searches' });
    else if (!CLIENTS_TOOLS.has(type)) found.push({ part, open: null });
  }
  for (const field of [...OTHER_FIELDS, ...UNBOUNDED_FIELDS]) {
    if (!isAsked(request[field])) continue;
    found.push({ part: `\`${field}\``, open: STORED_FIELDS.includes(field) ? 'stored' : null });
  }
  if (isNoTier(request.service_tier)) {
    found.push({ part: '`service_tier`', open: null });
  }
  return found;
}

function partsOfItem(item: ResponsesItem): Found[] {
  const type = typeOfItem(item);
  const part = `input item \`${type}\``;
  if (misspelt(item)) return [{ part, open: null }];
  if (type === 'reasoning') {
    // Without the thoughts themselves it names those that the provider has kept.
    return typeof item['encrypted_content'] === 'string' ? [] : [{ part, open: 'stored' }];
  }
  if (STORED_ITEMS.has(type)) return [{ part, open: 'stored' }];
  if (!isWholeInBody(type)) return [{ part, open: null }];
  return [...partsOfContent(item.content), ...partsOfContent(item.output)];
}

/** Of a message's content, or of a tool's output. */
function partsOfContent(content: unknown): Found[] {
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return partsOfContent([content]);
  }
  if (!Array.isArray(content)) return [];
  return (content as unknown[]).flatMap((value): Found[] => {
    if (typeof value !== 'object' || value === null) return [];
    const fields = value as Fields;
    const type = statedType(fields['type']);
    const part = `content part \`${type}\``;
    if (misspelt(fields)) return [{ part, open: null }];
    if (TEXT_PARTS.has(type)) return [];
    const kind = MEDIA.get(type);
    return [{ part, open: kind === undefined ? null : { kind, bytes: mediaBytes(fields) } }];
  });
}

/** Bytes of the body that are the media itself: nobody reads them as text. */
function mediaBytes(part: Fields): number {
  const audio = part['input_audio'] as Fields | null | undefined;
  const url = part['image_url'];
  const inline = typeof url === 'string' && url.startsWith('data:') ? url : null;
  return [inline, part['file_data'], audio?.['data']].reduce<number>(
    (sum, data) => (typeof data === 'string' ? sum + data.length : sum),
    0,
  );
}

/** As at the top of a body: another spelling may be the one that counts over there. */
function misspelt(value: object): boolean {
  for (const name in value) {
    if (isSpellingOf(name, NESTED_FIELDS)) return true;
  }
  return false;
}
