/** Lists, page by page, from the read model. */
import { ApiProblem } from './errors.ts';

type PageQuery = { limit: number; starting_after?: string | undefined };

export type Page<T> = { object: 'list'; data: T[]; has_more: boolean };

/**
 * One page, newest first.
 *
 * @param items oldest first, as the read model keeps them; already filtered
 * @throws ApiProblem cursor_unknown
 */
export function pageOf<S, T>(
  items: readonly S[],
  query: PageQuery,
  idOf: (item: S) => string,
  view: (item: S) => T,
): Page<T> {
  let end = items.length;
  if (query.starting_after !== undefined) {
    end = items.findLastIndex((item) => idOf(item) === query.starting_after);
    if (end === -1) throw new ApiProblem('cursor_unknown');
  }
  const start = Math.max(0, end - query.limit);
  const data = items.slice(start, end).reverse().map(view);
  return { object: 'list', data, has_more: start > 0 };
}
