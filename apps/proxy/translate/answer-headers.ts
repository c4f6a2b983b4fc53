/** The head of a translated answer: what its client reads by the names of its own dialect. */
import type { AnswerHeaders } from '../dialects/dialect.ts';
import type { AnswerAsked } from './codec.ts';

/** About the bytes of the provider's answer, or its account's limits in the words of its dialect. */
const NOT_SHOWN =
  /^(?:content-(?:type|encoding|language)|x-ratelimit-|anthropic-ratelimit-|openai-)/;
const IDS = ['request-id', 'x-request-id'];

export function shownHeaders(
  headers: AnswerHeaders,
  isStream: boolean,
  { asEvents }: AnswerAsked,
): AnswerHeaders {
  const shown: Record<string, string | string[] | undefined> = {
    'content-type': isStream && asEvents ? 'text/event-stream; charset=utf-8' : 'application/json',
  };
  for (const name in headers) if (!NOT_SHOWN.test(name)) shown[name] = headers[name];
  const id = IDS.map((name) => headers[name]).find((value) => value !== undefined);
  if (id !== undefined) for (const name of IDS) shown[name] = id;
  return shown;
}
