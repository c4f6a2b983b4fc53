/** Finds the endpoint, and so the dialect, that a request is for. */
import type { IncomingMessage } from 'node:http';
import { anthropic, findAnthropic, isAnthropic } from '../anthropic/anthropic.ts';
import type { Dialect, Found } from '../calls/dialect.ts';
import { findGemini, gemini, isGemini } from '../gemini/gemini.ts';
import { findMedia } from '../media/media.ts';
import { azure, findAzure, isAzure } from '../openai/azure.ts';
import { findOpenAi, openai } from '../openai/openai.ts';
import { findResponses } from '../responses/responses.ts';

export function findEndpoint(request: IncomingMessage, url: URL): Found | undefined {
  const { method } = request;
  if (isGemini(url.pathname)) return findGemini(method, url);
  if (isAzure(url.pathname)) return findAzure(method, url.pathname);
  // Both have their models at one path; the client's own header tells whose are meant.
  const anthropicFirst = findAnthropic(request, url.pathname);
  if (anthropicFirst !== undefined) return anthropicFirst;
  const { pathname } = url;
  return (
    findResponses(method, pathname) ?? findMedia(method, pathname) ?? findOpenAi(method, pathname)
  );
}

/** In which dialect an unknown path is refused. */
export function dialectOf(request: IncomingMessage, url: URL | null): Dialect {
  if (url !== null && isGemini(url.pathname)) return gemini;
  if (url !== null && isAzure(url.pathname)) return azure;
  return url !== null && isAnthropic(request, url.pathname) ? anthropic : openai;
}
