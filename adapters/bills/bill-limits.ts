/** Every bound of reading a provider's export, with its unit and its reason. */
export const billLimits = {
  /** A JSON document is parsed as a whole, bytes. Lines of JSON and CSV have no such bound. */
  jsonBytesMax: 64 * 1024 * 1024,
  /** One line of JSON, bytes: a page of an admin API with 180 buckets has some 200 KB. */
  lineBytesMax: 16 * 1024 * 1024,
  /** Records that are held back until one of them tells which kind of export it is. */
  undecidedRecordsMax: 10_000,
  /** Sums that are kept: a year of days, times models, keys and buckets; some 300 bytes each. */
  rowsMax: 50_000,
  /** Problems that are named; all are counted. */
  problemsNamedMax: 100,
  /** Pages of one report of an admin API: of days, more than a year. */
  pagesMax: 64,
  /** How long one page may take, ms; how often it is asked for; the first pause and the longest, ms. */
  answerMs: 30_000,
  attemptsMax: 6,
  pauseMs: 1_000,
  pauseMaxMs: 60_000,
  /** Columns and reasons that are named. */
  namesMax: 200,
} as const;
