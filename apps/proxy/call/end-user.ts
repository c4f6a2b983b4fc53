/** The end user that a call's head names (domain/usage/end-user.ts). */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { endUserOf } from '@tollgate/domain/usage/end-user.ts';
import { END_USER_LENGTH_MAX } from '@tollgate/schemas/names/names.ts';
import type { RequestFacts } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';

const END_USER_HEADER = 'x-tollgate-end-user';

export const END_USER_REQUIRED: Refusal = { code: 'end_user_required', param: 'user' };

/** @param facts of the body, with the end user that it names */
export function withEndUser(
  facts: RequestFacts,
  headers: IncomingHttpHeaders,
): RequestFacts | Refusal {
  const named = endUserOfHead(headers);
  // Most calls have no such header: their facts are used as they are.
  if (named === null) return facts;
  if (named.length > END_USER_LENGTH_MAX) {
    const message = `${END_USER_HEADER} has more than ${END_USER_LENGTH_MAX} characters.`;
    return { code: 'invalid_request', message, param: END_USER_HEADER };
  }
  return { ...facts, endUser: endUserOf(named, facts.endUser) };
}

export function endUserOfHead(headers: IncomingHttpHeaders): string | null {
  const header = headers[END_USER_HEADER];
  return header === undefined ? null : endUserOf(textOf(String(header)));
}

/** One person, whether named in a header or in a body: Node reads a header's bytes as Latin-1. */
function textOf(header: string): string {
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : header;
}
