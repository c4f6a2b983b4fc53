/**
 * The only way in which a query is refused: it says what was refused and what is allowed instead.
 */
import { ApiProblem } from '../../http/errors.ts';

/**
 * @param what the part of the query, as the user wrote it
 * @param instead a sentence
 */
export function refuse(what: string, instead: string): never {
  const shown = what.length > WHAT_LENGTH_MAX ? `${what.slice(0, WHAT_LENGTH_MAX)}…` : what;
  throw new ApiProblem('sql_refused', {
    detail: `${shown} is not allowed. ${instead}`,
    extra: { refused: shown },
  });
}

/** Characters of a query that an error repeats. */
const WHAT_LENGTH_MAX = 100;
