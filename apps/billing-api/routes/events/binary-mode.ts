/**
 * An event in binary mode (CloudEvents over HTTP, 3.1): its attributes are headers, its data is the
 * body. It becomes the event that structured mode would have had, so all else is the same.
 */
import { isJsonType } from '@tollgate/schemas/event/cloudevent.ts';
import { ApiProblem } from '../../http/errors.ts';
import type { BodyRequest } from '../../http/route.ts';

const PREFIX = 'ce-';
const STRUCTURED = /^application\/cloudevents(?:-batch)?\+json$/;

/** @throws ApiProblem if an attribute is there twice, or the body is no JSON */
export function bodyOfEvents({ rawHeaders, mediaType, json }: BodyRequest) {
  const attributes = attributesIn(rawHeaders);
  if (!attributes.has('specversion') || STRUCTURED.test(mediaType ?? ''))
    return { body: json(), mediaType };
  if (mediaType !== null && !isJsonType(mediaType)) {
    throw new ApiProblem('unsupported_media_type', { detail: 'Send the data as JSON.' });
  }
  const data = json();
  const stated = [...attributes].map(([name, value]) => [name, attributeOf(name, value)] as const);
  const body = { ...Object.fromEntries(stated), ...(data === undefined ? {} : { data }) };
  return { body, mediaType: 'application/cloudevents+json' };
}

/** Of the `ce-` headers, each still as it was written. */
function attributesIn(rawHeaders: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]?.toLowerCase() ?? '';
    if (!header.startsWith(PREFIX)) continue;
    const name = header.slice(PREFIX.length);
    if (found.has(name)) throw new ApiProblem('repeated_header', { detail: `Twice: ${header}.` });
    found.set(name, rawHeaders[at + 1] ?? '');
  }
  return found;
}

const PLAIN = /^[\x20-\x7e]*$/;

/**
 * 3.1.3.2: what is not plain ASCII is percent-encoded UTF-8, and a value may be in quotes. Bytes that
 * are neither would be stored as other text than was meant.
 */
function attributeOf(name: string, value: string): string {
  const bare = /^"([\s\S]*)"$/.exec(value)?.[1]?.replaceAll(/\\([\s\S])/g, '$1') ?? value;
  try {
    if (!PLAIN.test(value)) throw new URIError('not ASCII');
    return decodeURIComponent(bare.replaceAll(/%(?![0-9A-Fa-f]{2})/g, '%25'));
  } catch (cause) {
    const errors = [{ path: `header.ce-${name}`, message: 'not percent-encoded UTF-8' }];
    throw new ApiProblem('invalid_request', { errors, cause });
  }
}
