/** Lists, page by page, from the read model. */
import { ApiProblem } from './errors.ts';

type PageQuery = { limit: number; starting_after?: string | undefined };

export type Page<T> = { object: 'list'; data: T[]; has_more: boolean };

/**
 * One page, newest first.
 *
 * @param items oldest first, as the read model keeps them
 * @param test what the list is filtered by; the last item of the page before may have changed since
 *   and need not pass it any more
 * @throws ApiProblem cursor_unknown
 */
export function pageOf<S, T>(
  items: readonly S[],
  query: PageQuery,
  idOf: (item: S) => string,
  view: (item: S) => T,
  test: (item: S) => boolean = () => true,
): Page<T> {
  let end = items.length;
  if (query.starting_after !== undefined) {
    end = items.findLastIndex((item) => idOf(item) === query.starting_after);
    if (end === -1) throw new ApiProblem('cursor_unknown');
  }
  const data: T[] = [];
  for (let at = end - 1; at >= 0; at--) {
    const item = items[at] as S;
    if (!test(item)) continue;
    if (data.length === query.limit) return { object: 'list', data, has_more: true };
    data.push(view(item));
  }
  return { object: 'list', data, has_more: false };
}

/** Whether a value is the one that a filter names; without a filter any is. */
export function isWanted<T>(wanted: T | undefined, value: T): boolean {
  return wanted === undefined || wanted === value;
}
