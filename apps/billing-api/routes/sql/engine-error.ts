/**
 * Turns what ClickHouse said about a query into one of our problems. Its text may hold paths,
 * addresses and values, so only the first sentence is shown, without anything that looks like a
 * path.
 */
import { ApiProblem } from '../../http/errors.ts';

/** Time, rows and bytes, memory; size of a set, an array or a text; depth and size of a query. */
const LIMIT_CODES = [
  '158',
  '159',
  '160',
  '241',
  '307',
  '396',
  '191',
  '128',
  '131',
  '306',
  '167',
  '168',
];
/** Faults of the engine or of ours, never of the user: bugs, disks, networks, shutdown. */
const INTERNAL_CODES = ['49', '74', '76', '107', '209', '210', '236', '243', '499', '1001', '1002'];
const SYNTAX_ERROR = '62';
const DETAIL_LENGTH_MAX = 300;
const NEAR_LENGTH_MAX = 40;

export function engineProblem(error: unknown): ApiProblem {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === 'too_many_queries') return new ApiProblem('sql_busy', { cause: error });
  if (!/^\d+$/.test(code) || INTERNAL_CODES.includes(code)) {
    return new ApiProblem('warehouse_unavailable', { cause: error });
  }
  const problem = LIMIT_CODES.includes(code) ? 'sql_limit_exceeded' : 'sql_invalid';
  const detail = code === SYNTAX_ERROR ? nearOf(message) : publicText(message);
  return new ApiProblem(problem, {
    detail,
    extra: { clickhouse_code: Number(code) },
    cause: error,
  });
}

function publicText(message: string): string {
  const sentence = message
    .split(/\n|: In scope | in scope |: [Ww]hile |\(in file|\(version| Stack trace/, 1)[0]
    ?.replaceAll(/(?:[\w.-]*\/){2,}[\w.-]*/g, '…')
    .trim();
  return (sentence ?? '').slice(0, DETAIL_LENGTH_MAX);
}

const STOPPED = /failed at position \d+ \((.+?)\)(?: \(line [^)]*\))?: ([\s\S]*?)(?:\. Expected|$)/;

/**
 * The text at which the parser gave up. Its position would be one in our rendering of the query.
 */
function nearOf(message: string): string {
  const [, token, rest = ''] = STOPPED.exec(message) ?? [];
  if (token === undefined || token === 'end of query')
    return 'Syntax error at the end of the query.';
  return `Syntax error near: ${publicText(rest).slice(0, NEAR_LENGTH_MAX)}`;
}
