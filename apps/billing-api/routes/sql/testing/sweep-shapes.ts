/**
 * Arguments with which every function is tried. `%` is the path of a pipe, or the name of a variable of
 * the environment.
 */

/** How a function could come to open a path. */
export const PATH_SHAPES: readonly string[] = [
  "'%'",
  "'%', '%'",
  "file, ['%']",
  "['%'], file",
  "file, '%'",
  "'file', ['%']",
  "'file', '%'",
  "file, map('%', '%')",
];

const TIME = 'toDateTime(0)';

/** A time zone at each place where a function could take one. */
export const ZONE_SHAPES: readonly string[] = [
  "'file:%'",
  `${TIME}, 'file:%'`,
  `${TIME}, 1, 'file:%'`,
  `'day', ${TIME}, 'file:%'`,
  `'day', ${TIME}, ${TIME}, 'file:%'`,
];

/** As above, with the other arguments that functions of time want. */
export const MORE_ZONE_SHAPES: readonly string[] = [
  "0, 'file:%'",
  "0, 3, 'file:%'",
  "'2026-01-01', 'file:%'",
  "'2026-01-01', 3, 'file:%'",
  "toDate(0), 'file:%'",
  "toDateTime64(0, 3), 'file:%'",
  `${TIME}, '%Y', 'file:%'`,
  `${TIME}, INTERVAL 1 DAY, 'file:%'`,
  `${TIME}, INTERVAL 1 DAY, ${TIME}, 'file:%'`,
  `${TIME}, 'DateTime(\\'file:%\\')'`,
];

/** How a function could come to call another one, by its bare name or by its name as text. */
export const CALL_SHAPES: readonly string[] = [
  'throwIf',
  'throwIf, [1]',
  'throwIf, 1',
  'throwIf, map(1, 1)',
  'throwIf, [1], [1]',
  '[1], throwIf',
  '1, throwIf, [1]',
  '1, [1], throwIf',
  "'throwIf', [1]",
  "'throwIf', 1",
  "[1], 'throwIf'",
];
