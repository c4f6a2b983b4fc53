/**
 * What in a request lets nobody say beforehand what it may cost. Members, parts and tools that are not listed
 * here are taken for such: what a provider adds later may be billed in a way of its own.
 */
import {
  type MediaKind,
  mediaKinds,
  type OpenParts,
} from '@tollgate/domain/pricing/open-bounds.ts';
import type { GenerateContentRequest } from '@tollgate/schemas/gemini/requests.ts';
import { statedType } from '../shared/stated-type.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What it asks for has a bound in the request's own bytes and its output limit. */
const BOUNDED_FIELDS: ReadonlySet<string> = new Set([
  ...['model', 'contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig'],
  ...['safetySettings', 'labels', 'serviceTier'],
]);
const BOUNDED_SETTINGS: ReadonlySet<string> = new Set([
  ...['maxOutputTokens', 'candidateCount', 'responseModalities', 'temperature', 'topP', 'topK'],
  ...['stopSequences', 'seed', 'presencePenalty', 'frequencyPenalty', 'responseMimeType'],
  ...['responseSchema', 'responseJsonSchema', '_responseJsonSchema', 'responseLogprobs'],
  ...['logprobs', 'thinkingConfig', 'speechConfig', 'imageConfig', 'mediaResolution'],
  ...['audioTimestamp', 'enableEnhancedCivicAnswers'],
]);
/** Parts whose tokens are in the bytes that are sent, and what goes with others. */
const BOUNDED_PARTS: ReadonlySet<string> = new Set([
  ...['text', 'thought', 'thoughtSignature', 'functionCall', 'functionResponse'],
  ...['executableCode', 'codeExecutionResult', 'videoMetadata', 'mediaResolution'],
]);
const MEDIA_PARTS: ReadonlySet<string> = new Set(['inlineData', 'fileData']);
const SEARCH_TOOLS: ReadonlySet<string> = new Set(['googleSearch', 'googleSearchRetrieval']);

export type Bounds = {
  /** The part's name for the client; null: all of it has a bound. */
  unboundedBy: string | null;
  /** Null: there are none, or others, that no operator's bound is for. */
  openParts: OpenParts | null;
  media: Readonly<Record<MediaKind, { count: number; bytes: number }>>;
  searches: boolean;
};

export function boundsOf(request: GenerateContentRequest): Bounds {
  const found = new Found();
  for (const name in request) {
    if (BOUNDED_FIELDS.has(name) || isUnasked(request[name])) continue;
    if (name === 'cachedContent') found.stored('`cachedContent`');
    else found.close(`\`${name}\``);
  }
  for (const [name, value] of Object.entries(request.generationConfig ?? {})) {
    if (!BOUNDED_SETTINGS.has(name) && !isUnasked(value))
      found.close(`\`generationConfig.${name}\``);
  }
  for (const content of [request.systemInstruction, ...listed(request.contents)]) {
    found.parts((content as Fields | null | undefined)?.['parts']);
  }
  for (const tool of listed(request.tools)) found.tool(tool as Fields);
  return found.bounds();
}

/** Where Google takes one for a list of one. */
export function listed(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
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
  #stored = false;
  #searches = false;

  close(part: string): void {
    this.#closed ??= part;
  }

  stored(part: string): void {
    this.#open ??= part;
    this.#stored = true;
  }

  parts(value: unknown): void {
    for (const part of listed(value) as Fields[]) {
      for (const name in part) {
        if (MEDIA_PARTS.has(name)) this.#medium(name, part[name]);
        else if (!BOUNDED_PARTS.has(name)) this.close(`content part \`${name}\``);
      }
      // What a function found may be pictures.
      this.parts((part['functionResponse'] as Fields | undefined)?.['parts']);
    }
  }

  #medium(name: string, value: unknown): void {
    const { mimeType, data } = (value ?? {}) as Fields;
    const kind = kindOf(mimeType);
    this.#open ??= `content part \`${name}\``;
    this.#media[kind].count++;
    // In base64, which nobody reads as text.
    this.#media[kind].bytes += typeof data === 'string' ? data.length : 0;
  }

  tool(tool: Fields): void {
    for (const name in tool) {
      if (name === 'functionDeclarations' || isUnasked(tool[name])) continue;
      if (!SEARCH_TOOLS.has(name)) {
        this.close(`tool \`${name}\``);
        continue;
      }
      // What it finds is input that the request does not bound.
      this.#open ??= `tool \`${name}\``;
      this.#searches = true;
    }
  }

  bounds(): Bounds {
    const isOpen = this.#closed === null && this.#open !== null;
    const media = this.#media;
    const [stored, searches] = [this.#stored, this.#searches];
    return {
      unboundedBy: this.#closed ?? this.#open,
      openParts: isOpen ? { media, stored, searches } : null,
      media,
      searches,
    };
  }
}

function kindOf(mimeType: unknown): MediaKind {
  const [kind] = statedType(mimeType).toLowerCase().split('/', 1);
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file';
}
