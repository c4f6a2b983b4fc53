/** Lists as Stripe answers them: newest first unless told, with cursors that are ids. */
import { stripeLimits } from '../limits.ts';
import { integer, text } from './params.ts';
import { invalid, noSuch } from './stripe-error.ts';

export const pageFields = {
  limit: integer,
  starting_after: text(),
  ending_before: text(),
};

interface Page {
  readonly limit: number | undefined;
  readonly starting_after: string | undefined;
  readonly ending_before: string | undefined;
}

/** `all` is in the order in which it is listed. */
export function listOf<T>(
  url: string,
  all: readonly T[],
  idOf: (one: T) => string,
  view: (one: T) => unknown,
  page: Page,
): object {
  const limit = limitOf(page.limit);
  const at = (id: string, param: string): number => {
    const index = all.findIndex((one) => idOf(one) === id);
    if (index < 0) throw noSuch('object', id, param, 400);
    return index;
  };
  if (page.ending_before !== undefined) {
    const end = at(page.ending_before, 'ending_before');
    const start = Math.max(end - limit, 0);
    return { object: 'list', data: all.slice(start, end).map(view), has_more: start > 0, url };
  }
  const start =
    page.starting_after === undefined ? 0 : at(page.starting_after, 'starting_after') + 1;
  const data = all.slice(start, start + limit);
  return { object: 'list', data: data.map(view), has_more: start + limit < all.length, url };
}

export const searchFields = { query: text(), limit: integer, page: text() };

/** Search pages by an opaque token. */
export function searchPageOf<T>(
  url: string,
  all: readonly T[],
  view: (one: T) => unknown,
  page: { readonly limit: number | undefined; readonly page: string | undefined },
): object {
  const limit = limitOf(page.limit);
  const start = page.page === undefined ? 0 : Number.parseInt(page.page, 36);
  if (!Number.isSafeInteger(start)) throw invalid('Invalid page token.', undefined, 'page');
  const more = start + limit < all.length;
  return {
    object: 'search_result',
    data: all.slice(start, start + limit).map(view),
    has_more: more,
    next_page: more ? (start + limit).toString(36) : null,
    url,
  };
}

function limitOf(limit: number | undefined): number {
  const { pageDefault, pageMax } = stripeLimits;
  if (limit === undefined) return pageDefault;
  if (limit < 1)
    throw invalid(
      `This value must be greater than or equal to 1.`,
      'parameter_invalid_integer',
      'limit',
    );
  if (limit > pageMax)
    throw invalid(
      `This value must be less than or equal to ${pageMax}.`,
      'parameter_invalid_integer',
      'limit',
    );
  return limit;
}
