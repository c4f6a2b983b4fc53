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
/** The way out, where the engine's sentence alone does not show it. */
const HELP: Readonly<Record<string, string>> = {
  '153': 'Write nullIf(divisor, 0): what is divided by null is null.',
  '184':
    'An alias with the name of a column stands for the alias everywhere: write another name, as in ' +
    'sum(cost) AS usd.',
  '215': 'Group by it, or put it into an aggregate; an alias may hide a column of its name.',
  ...Object.fromEntries(
    ['6', '27', '38', '41', '53'].map((code) => [
      code,
      "Compare a time with '2026-11-24T12:00:00Z', and a day with '2026-11-24'; elsewhere, write " +
        "toDateTime64('2026-11-24T12:00:00Z', 3, 'UTC').",
    ]),
  ),
};
const DETAIL_LENGTH_MAX = 300;
const NEAR_LENGTH_MAX = 40;

export function engineProblem(error: unknown): ApiProblem {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === 'too_many_queries') return new ApiProblem('sql_busy', { cause: error });
  if (!/^\d+$/.test(code) || INTERNAL_CODES.includes(code)) {
    return new ApiProblem('warehouse_unavailable', { cause: error });
  }
  const problem = LIMIT_CODES.includes(code) ? 'sql_limit_exceeded' : 'sql_invalid';
  const said = code === SYNTAX_ERROR ? nearOf(message) : publicText(message);
  const help = HELP[code];
  const detail = help === undefined ? said : `${said.replace(/\.?$/, '.')} ${help}`;
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
