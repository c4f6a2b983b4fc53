/**
 * The parts of a chat request that have no bound of their own and may be given one by the operator.
 * Asked only of requests that have such parts.
 */
import {
  type MediaKind,
  mediaKinds,
  type OpenParts,
} from '@tollgate/domain/pricing/open-bounds.ts';
import {
  BOUNDED_PARTS,
  BOUNDED_TOOLS,
  type ChatCompletionRequest,
  isAsked,
  misspeltWithin,
  writesForLong,
} from './chat-bounds.ts';
import { UNBOUNDED_FIELDS } from './json-body.ts';
import { isNoTier } from './listed-tiers.ts';

const MEDIA: ReadonlyMap<string, MediaKind> = new Map<string, MediaKind>([
  ['image_url', 'image'],
  ['input_audio', 'audio'],
  ['video_url', 'video'],
  ['file', 'file'],
]);
/** Input from what the provider has stored. */
const STORED: ReadonlySet<string> = new Set([
  'cached_content',
  'previous_response_id',
  'conversation',
]);
const SEARCHING: ReadonlySet<string> = new Set([
  ...['web_search_options', 'search_parameters', 'enable_search', 'search_settings'],
]);
const SEARCHING_TOOL = /search/;

/** @returns null: there is a part that no bound of an operator is for */
export function openPartsOf(request: ChatCompletionRequest): OpenParts | null {
  if (misspeltWithin(request) !== undefined || writesForLong(request)) return null;
  if (isNoTier(request.service_tier)) return null;
  const media = noMedia();
  let stored = false;
  let searches = false;
  for (const { content, audio } of request.messages) {
    // An answer that the provider has kept.
    if (audio != null) stored = true;
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      if (BOUNDED_PARTS.has(part.type)) continue;
      const kind = MEDIA.get(part.type);
      if (kind === undefined) return null;
      media[kind].count++;
      media[kind].bytes += mediaBytes(part);
    }
  }
  for (const { type } of request.tools ?? []) {
    if (BOUNDED_TOOLS.has(type)) continue;
    if (!SEARCHING_TOOL.test(type)) return null;
    searches = true;
  }
  for (const field of UNBOUNDED_FIELDS) {
    if (!isAsked(request[field])) continue;
    if (STORED.has(field)) stored = true;
    else if (SEARCHING.has(field)) searches = true;
    else return null;
  }
  return { media, stored, searches };
}

/** Of a model that searches, whatever it is asked. */
export const SEARCHES_ALONE: OpenParts = { media: noMedia(), stored: false, searches: true };

function noMedia(): Record<MediaKind, { count: number; bytes: number }> {
  const media = mediaKinds.map((kind) => [kind, { count: 0, bytes: 0 }]);
  return Object.fromEntries(media) as Record<MediaKind, { count: number; bytes: number }>;
}

/** Bytes of the body that are the media itself, in base64: nobody reads them as text. */
function mediaBytes(part: Readonly<Record<string, unknown>>): number {
  const { image_url: image, video_url: video, input_audio: audio, file } = part;
  const urls = [text(image, 'url'), text(video, 'url')].filter((url) => url.startsWith('data:'));
  const data = [text(audio, 'data'), text(file, 'file_data'), ...urls];
  return data.reduce((sum, { length }) => sum + length, 0);
}

function text(value: unknown, member: string): string {
  const found = (value as Record<string, unknown> | null | undefined)?.[member];
  return typeof found === 'string' ? found : '';
}
