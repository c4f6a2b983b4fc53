/**
 * What a query may name: views, functions, nodes of the syntax tree, types. The lists say what is
 * allowed, never what is not: a function of a new engine version is refused until it is listed.
 *
 * No function here reads files, settings, the network, dictionaries or other tables, or tells about
 * the server, and none takes the name of another function as text. Those that take it as a bare word
 * are in `HIGHER_ORDER`, those that take a time zone in `ZONE_FROM`: the engine opens a zone as a
 * file. `fence-sweep.int.test.ts` tries every function on the engine and holds both lists to it.
 */

/** The database of the views. */
export const DATABASE = 'tollgate';

/** The public tables (docs/sql.md), all of them views. */
export const PUBLIC_VIEWS: readonly string[] = [
  'usage_events',
  'usage_quarter_hourly',
  // Its earlier name.
  'usage_hourly',
  'usage_daily',
  'usage_dead',
  'log_progress',
  'budget_spend',
  'budget_charges',
];

const names = (text: string): string[] => text.trim().split(/\s+/);

const OPERATORS = names(`
  and or not xor equals notEquals less greater lessOrEquals greaterOrEquals isNull isNotNull
  isDistinctFrom isNotDistinctFrom like notLike ilike notILike plus minus multiply divide negate
  modulo in notIn globalIn globalNotIn exists if multiIf caseWithExpression lambda tuple array map
  arrayElement tupleElement concat CAST`);

const NUMBERS = names(`
  abs sign round floor ceil ceiling trunc truncate intDiv intDivOrZero moduloOrZero divideDecimal
  multiplyDecimal greatest least exp log log2 log10 sqrt pow power isNaN isFinite ifNotFinite
  toInt32 toInt64 toUInt32 toUInt64 toFloat64 toDecimal64 toDecimal128 toString toDecimalString
  toInt64OrNull toFloat64OrNull coalesce ifNull nullIf assumeNotNull toNullable transform
  formatReadableQuantity formatReadableSize formatReadableTimeDelta bar width_bucket`);

/**
 * Without functions that make a long text from a short one: constants are evaluated before the
 * query runs, when no time limit applies.
 */
const TEXTS = names(`
  length lengthUTF8 empty notEmpty lower upper lowerUTF8 upperUTF8 substring substr left right
  position positionCaseInsensitive startsWith endsWith trimBoth trimLeft trimRight replaceOne
  match extract splitByChar splitByString
  arrayStringConcat JSONExtractString JSONExtractInt JSONExtractFloat JSONExtractBool JSONExtractRaw
  JSONHas JSONLength JSONExtractKeys domain`);

const TIMES = names(`
  now today yesterday toDate toDate32 toDateTime toDateTime64 toTimeZone toYear toQuarter toMonth
  toDayOfMonth toDayOfWeek toDayOfYear toHour toMinute toSecond toISOWeek toYYYYMM toYYYYMMDD
  toUnixTimestamp toStartOfYear toStartOfQuarter toStartOfMonth toStartOfWeek toMonday toStartOfDay
  toStartOfHour toStartOfFifteenMinutes toStartOfTenMinutes toStartOfFiveMinutes toStartOfMinute
  toStartOfInterval toLastDayOfMonth dateDiff date_diff date_trunc dateTrunc formatDateTime dateName
  parseDateTimeBestEffort parseDateTime64BestEffort addYears addMonths addWeeks addDays addHours
  addMinutes addSeconds subtractYears subtractMonths subtractWeeks subtractDays subtractHours
  subtractMinutes subtractSeconds toIntervalYear toIntervalQuarter toIntervalMonth toIntervalWeek
  toIntervalDay toIntervalHour toIntervalMinute toIntervalSecond`);

/** Their first argument is a lambda, if they have more than one argument. */
export const HIGHER_ORDER: ReadonlySet<string> = new Set(
  names(`
    arrayMap arrayFilter arrayExists arrayAll arrayCount arraySum arrayAvg arrayMin arrayMax
    arraySort arrayReverseSort arrayFirst arrayLast arrayFirstIndex arrayCompact mapFilter mapApply`),
);

const COLLECTIONS = names(`
  has hasAny hasAll indexOf arrayDistinct arrayJoin arraySlice arrayConcat arrayUniq arrayZip
  arrayEnumerate mapKeys mapValues mapContains arrayFlatten`);

const AGGREGATES = names(`
  count sum avg min max any anyLast argMin argMax median quantile quantiles quantileExact
  quantilesExact quantileTDigest quantilesTDigest uniq uniqExact uniqCombined groupArray
  groupUniqArray topK stddevPop stddevSamp varPop varSamp corr sumMap simpleLinearRegression`);
const COMBINATORS = ['If', 'Distinct', 'DistinctIf', 'OrNull', 'OrNullIf'];

const WINDOWS = names(`
  row_number rank dense_rank percent_rank ntile lag lead lagInFrame leadInFrame first_value last_value
  nth_value grouping`);

/** As ClickHouse spells them, aggregates without their combinators. */
export const FUNCTION_NAMES: readonly string[] = [
  ...[OPERATORS, NUMBERS, TEXTS, TIMES, COLLECTIONS, AGGREGATES, WINDOWS].flat(),
  ...HIGHER_ORDER,
];

/**
 * In lower case: SQL's own names may be written in any case, and the engine knows which it accepts.
 */
export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(
  [
    ...FUNCTION_NAMES,
    ...AGGREGATES.flatMap((name) => COMBINATORS.map((suffix) => `${name}${suffix}`)),
  ].map((name) => name.toLowerCase()),
);

/**
 * The index, by the lower-case name of the function, from which on its arguments may hold a time zone;
 * those of the same place that are none are numbers, intervals and times.
 */
export const ZONE_FROM: ReadonlyMap<string, number> = new Map(
  [
    [0, 'now'],
    [
      1,
      `toDate toDate32 toDateTime toDateTime64 toTimeZone toString toUnixTimestamp toYear toQuarter
       toMonth toDayOfMonth toDayOfWeek toDayOfYear toHour toMinute toSecond toISOWeek toYYYYMM
       toYYYYMMDD toStartOfYear toStartOfQuarter toStartOfMonth toStartOfWeek toMonday toStartOfDay
       toStartOfHour toStartOfFifteenMinutes toStartOfTenMinutes toStartOfFiveMinutes
       toStartOfMinute toLastDayOfMonth parseDateTimeBestEffort parseDateTime64BestEffort`,
    ],
    [
      2,
      `toStartOfInterval date_trunc dateTrunc formatDateTime dateName addYears addMonths addWeeks
       addDays addHours addMinutes addSeconds subtractYears subtractMonths subtractWeeks subtractDays
       subtractHours subtractMinutes subtractSeconds`,
    ],
    [3, 'dateDiff date_diff'],
  ].flatMap(([from, text]) =>
    names(text as string).map((name) => [name.toLowerCase(), from as number] as const),
  ),
);

/** In lower case: functions whose value is no text, so that it is no name of a time zone either. */
export const NEVER_TEXT: ReadonlySet<string> = new Set(
  TIMES.filter((name) => name !== 'formatDateTime' && name !== 'dateName').map((name) =>
    name.toLowerCase(),
  ),
);

/**
 * In lower case: names that the engine has given to functions of numbers and times, and that people
 * give to columns. Next to the allowed functions, the only ones that may be written as bare words.
 */
export const ORDINARY_NAMES: ReadonlySet<string> = new Set(
  names(`
    age current_date current_timestamp date day histogram hour minute month nothing port quarter range
    second timestamp tokens week year`),
);

/** Operators whose right side may be a table. */
export const MEMBERSHIP: ReadonlySet<string> = new Set(
  names('in notIn globalIn globalNotIn').map((name) => name.toLowerCase()),
);

/** Kinds of nodes in the output of `EXPLAIN AST`. */
export const ALLOWED_NODES: ReadonlySet<string> = new Set(
  names(`
    SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList WithElement Subquery
    Identifier TableIdentifier Literal Function Asterisk QualifiedAsterisk ColumnsTransformerList
    ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement
    TablesInSelectQuery TablesInSelectQueryElement TableExpression TableJoin ArrayJoin
    OrderByElement WindowDefinition`),
);

/** Types that CAST may name. */
export const ALLOWED_TYPES: ReadonlySet<string> = new Set(
  names(`
    Int8 Int16 Int32 Int64 Int128 UInt8 UInt16 UInt32 UInt64 UInt128 Float32 Float64 Bool String
    Decimal Decimal32 Decimal64 Decimal128 Date Date32 DateTime DateTime64 UUID Nullable Array Map
    Tuple LowCardinality INT INTEGER BIGINT DOUBLE FLOAT TEXT VARCHAR BOOLEAN`),
);

/** Words that end or change a statement, or that the syntax tree does not show. */
export const REFUSED_WORDS: ReadonlySet<string> = new Set(
  names(`
    settings format into outfile explain describe recursive totals apply interpolate collate
    columns`),
);
