/** Whether a request is opened by a signed link, in place of a token. */
import type { FastifyRequest } from 'fastify';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';
import type { ApiRoute } from '../http/route.ts';
import { LINK_PARAMETER } from './links.ts';

/**
 * A link is for downloads alone. A request that has a token too goes by its token.
 *
 * @returns false: there is no link
 * @throws ApiProblem if there is one, and it opens nothing
 */
export function isOpenedByLink(
  route: ApiRoute,
  { query, headers, url }: FastifyRequest,
  { links }: Pick<ApiContext, 'links'>,
): boolean {
  const { [LINK_PARAMETER]: token, ...own } = query as Record<string, unknown>;
  if (token === undefined || headers.authorization !== undefined) return false;
  if (route.downloads === undefined) return false;
  const texts = Object.values(own).every((value) => typeof value === 'string');
  if (typeof token !== 'string' || !texts) throw new ApiProblem('link_invalid');
  const path = url.split('?', 1)[0] ?? '';
  links.verify({ path, query: own as Record<string, string> }, token);
  return true;
}

/** The query as the route's schema knows it. */
export function withoutLink(query: Record<string, unknown>): Record<string, unknown> {
  const { [LINK_PARAMETER]: _link, ...own } = query;
  return own;
}
