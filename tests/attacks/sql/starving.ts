/** Queries that pass the fence and take all they can get of time and memory. */

/** Constants, each twice the one before: the last has 1.3 MB. */
const doubled = `WITH '${'a'.repeat(5_000)}' AS a0, ${Array.from(
  { length: 8 },
  (_, n) => `concat(a${n}, a${n}) AS a${n + 1}`,
).join(', ')}`;

const digits = (length: number) => `[${Array.from({ length }, (_, n) => n % 10).join(',')}]`;

/** So many lambdas in one another, each over all of the numbers. */
function nested(depth: number): string {
  const names = Array.from({ length: depth }, (_, n) => `x${n}`);
  const inner = names.join(' * ');
  const sum = names.reduceRight((body, name) => `arraySum(arrayMap(${name} -> ${body}, n))`, inner);
  return `WITH ${digits(1_000)} AS n SELECT ${sum}`;
}

const ZONES = ['Europe/Berlin', 'Asia/Kathmandu', 'America/Havana', 'Australia/Lord_Howe', 'UTC'];

export const starvingQueries = (): string[] => [
  nested(4),
  nested(6),
  `${doubled} SELECT ${Array.from({ length: 120 }, (_, n) => `length(concat(a8, '${n}'))`)}`,
  `${doubled} SELECT length(arrayStringConcat(arrayMap(x -> a8, ${digits(500)})))`,
  `${doubled} SELECT match(a8, '(a*)*(a*)*(a*)*b')`,
  `${doubled} SELECT countIf(match(concat(a8, toString(x)), '^(([a-z])+.)+[A-Z]([a-z])+$'))
   FROM (SELECT arrayJoin(${digits(1_000)}) AS x)`,
  `${doubled} SELECT arraySum(arrayMap(x -> position(a8, concat(toString(x), 'b')), ${digits(2_000)}))`,
  `SELECT count() FROM usage_events AS a, usage_events AS b, usage_events AS c, usage_events AS d
   WHERE position(concat(a.id, b.id, c.id, d.id), 'zzz') > 0`,
  `SELECT groupArray(concat(a.id, b.id, c.id)) FROM usage_events AS a, usage_events AS b,
   usage_events AS c`,
  `WITH ${digits(3_000)} AS n SELECT x, y, z FROM (SELECT arrayJoin(n) AS x) AS a,
   (SELECT arrayJoin(n) AS y) AS b, (SELECT arrayJoin(n) AS z) AS c ORDER BY x + y * z LIMIT 1`,
  `WITH ${digits(3_000)} AS n SELECT uniqExact(x, y, z) FROM (SELECT arrayJoin(n) AS x) AS a,
   (SELECT arrayJoin(n) AS y) AS b, (SELECT arrayJoin(n) AS z) AS c`,
  `SELECT ${Array.from({ length: 200 }, (_, n) => `toHour(now(), '${ZONES[n % ZONES.length]}')`)}`,
  `SELECT ${'NOT '.repeat(2_000)}1`,
  `SELECT ${'-('.repeat(60)}1${')'.repeat(60)}`,
  `WITH ${digits(1_000)} AS n SELECT arrayMap(x -> arrayMap(y -> arrayMap(z -> concat(toString(x),
   toString(y), toString(z)), n), n), n)`,
];
