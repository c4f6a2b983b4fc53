/**
 * Queries that reached a file, the server's names or a hidden clause, each through something that looks
 * harmless. `path` is that of a file or pipe which the engine could open.
 */

/** The engine takes a bare word for a function; it may call it on a list. */
export function bareNameAttacks(path: string): string[] {
  return [
    `SELECT arrayCompact(file, ['${path}'])`,
    `SELECT arrayCompact(FILE, ['${path}'])`,
    `SELECT arrayCompact("file", ['${path}'])`,
    `SELECT arrayCompact(file /* a column? */, ['${path}'])`,
    `WITH file AS day SELECT arrayCompact(day, ['${path}'])`,
    `SELECT length(arrayFilter(file, ['${path}']))`,
    `SELECT arraySort(file, ['${path}', '${path}'])`,
    `SELECT arrayFirstIndex(file, ['${path}'])`,
  ];
}

/** The engine opens a time zone as a file. */
export function zoneAttacks(path: string): string[] {
  const zone = `'file:${path}'`;
  return [
    `SELECT toDateTime(0, ${zone})`,
    `SELECT toDateTime(0) AT TIME ZONE ${zone}`,
    `SELECT now(${zone})`,
    `SELECT now(concat('fi', 'le:${path}'))`,
    `SELECT toString(now(), formatDateTime(now(), ${zone}))`,
    `WITH ${zone} AS zone SELECT toHour(now(), zone)`,
    `SELECT toStartOfHour(now(), (SELECT ${zone}))`,
    `SELECT toStartOfWeek(now(), 1, ${zone})`,
    `SELECT toStartOfInterval(now(), INTERVAL 1 DAY, now(), ${zone})`,
    `SELECT date_trunc('day', now(), ${zone})`,
    `SELECT dateDiff('day', now(), now(), ${zone})`,
    `SELECT addDays(now(), 1, ${zone})`,
    `SELECT formatDateTime(now(), '%Y', ${zone})`,
    `SELECT parseDateTimeBestEffort('2026-01-01', if(1, ${zone}, 'UTC'))`,
    `SELECT CAST(0 AS DateTime(${zone}))`,
    `SELECT [0]::Array(Nullable(DateTime64(3, ${zone})))`,
    `SELECT CAST(0, 'DateTime(\\'file:${path}\\')')`,
  ];
}

/** No file of that name is opened, but the engine would look for one. */
export const OTHER_ZONES: readonly string[] = [
  `SELECT toDateTime(0, '/etc/passwd')`,
  `SELECT toDateTime(0, '../../../etc/passwd')`,
  `SELECT toDateTime(0, 'posixrules')`,
  `SELECT CAST(0 AS DateTime('/etc/passwd'))`,
  `SELECT arrayMap(zone -> toDateTime(0, zone), ['UTC'])`,
];

/** Without parentheses, these are calls. */
export const NILADIC_ATTACKS: readonly string[] = [
  'SELECT USER',
  'SELECT user',
  'SELECT currentUser',
  'SELECT CURRENT_USER AS who',
  'SELECT session_user',
  'SELECT DATABASE',
  'SELECT SCHEMA',
  'SELECT current_database',
  'SELECT id FROM usage_events WHERE USER = id',
  'SELECT id FROM usage_events ORDER BY currentDatabase',
  'WITH currentUser AS me SELECT me',
];

/** The engine skips the rest of a line after `//`: what looks like text may be none, and the reverse. */
export const HIDDEN_CLAUSES: readonly string[] = [
  "SELECT 1 // '\n SETTINGS max_execution_time = 0 // '",
  "SELECT 1 // '\n FORMAT CSV // '",
  "SELECT 1 // `\n INTO OUTFILE 'x' // `",
  "SELECT id FROM usage_events ORDER BY id // '\n COLLATE 'de' // '",
];
