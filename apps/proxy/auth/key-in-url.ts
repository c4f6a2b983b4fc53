/**
 * A key that a client wrote into its URL: it goes where all other keys are, and leaves the URL before
 * anything else sees it, so that no log, trace or error can have it (I12).
 */
import type { IncomingMessage } from 'node:http';
import { presentedKey } from './authenticate.ts';

const HEADER = 'x-goog-api-key';

/** @param parameter of the query that holds it. A key in a header counts before it */
export function takeKeyFromUrl(request: IncomingMessage, parameter: string): void {
  const { url = '', headers } = request;
  const at = url.indexOf('?');
  if (at === -1) return;
  const query = new URLSearchParams(url.slice(at + 1));
  const key = query.get(parameter);
  if (key === null) return;
  query.delete(parameter);
  const rest = query.size === 0 ? '' : `?${query}`;
  // seam: key-leaves-the-url
  request.url = url.slice(0, at) + rest;
  if (presentedKey(headers) === undefined) headers[HEADER] = key;
}
