/** Values of members, as far as they are what they should be. */
import type { MediaPart } from './conversation.ts';

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A value as a text. What has members says nothing: it may have a `toString` of its own. */
export function said(value: unknown): string {
  return typeof value === 'object' ? '' : String(value ?? '');
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

export function booleanOf(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}

/** The elements of a list that are objects; of what is no list, none. */
export function objectsOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value)
    ? value.map((one) => (typeof one === 'object' && one !== null ? one : {}))
    : [];
}

/** A list with nothing in it asks for nothing; an empty object may: `web_search_options: {}`. */
export function withoutEmpty(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => !Array.isArray(value) || value.length > 0),
  );
}

/** What is not null. */
export function stated(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

const DATA_URL = /^data:([^;,]*)(?:;[^;,]*)*;base64,/i;

/** A URL that is its own content, or one of something that is elsewhere. */
export function dataOfUrl(url: string): Pick<MediaPart, 'mediaType' | 'source'> {
  const match = DATA_URL.exec(url.slice(0, 256));
  if (match === null) return { mediaType: null, source: { url } };
  const [head, mediaType] = match;
  return { mediaType: mediaType || null, source: { data: url.slice(head.length) } };
}
