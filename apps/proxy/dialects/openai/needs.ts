/** What a chat request needs of a model, beyond room for its tokens. */
import type { Capability } from '@tollgate/domain/routing/route.ts';
import { type ChatCompletionRequest, isAsked } from './chat-bounds.ts';

const NONE: readonly Capability[] = [];
const OF_PART: ReadonlyMap<string, Capability> = new Map<string, Capability>([
  ...(['image_url', 'input_image', 'image'] as const).map((t): [string, Capability] => [
    t,
    'vision',
  ]),
  ['input_audio', 'audio'],
  ['video_url', 'video'],
  ...(['file', 'input_file', 'document'] as const).map((t): [string, Capability] => [t, 'files']),
]);

/** @param hasMedia false: all its parts are text */
export function needsOf(request: ChatCompletionRequest, hasMedia: boolean): readonly Capability[] {
  const { tools, response_format, functions, audio, modalities } = request;
  const asksForTools = (tools != null && tools.length > 0) || isAsked(functions);
  const isPlain = response_format == null && audio == null && modalities == null;
  if (isPlain && !asksForTools && !hasMedia) return NONE;
  const needs = new Set<Capability>();
  if (asksForTools) needs.add('tools');
  const { type } = (response_format ?? {}) as { type?: unknown };
  if (type === 'json_schema') needs.add('json_schema');
  const speaks = Array.isArray(modalities) && modalities.includes('audio');
  if (isAsked(audio) || speaks) needs.add('audio');
  if (!hasMedia) return [...needs];
  for (const { content, audio: spoken } of request.messages) {
    if (spoken != null) needs.add('audio');
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      const need = OF_PART.get(part.type);
      if (need !== undefined) needs.add(need);
    }
  }
  return [...needs];
}
