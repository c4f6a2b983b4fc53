/** The settings in the text of our statements: the same embedded and on a server. */

/** Longest SELECT, seconds. The engine must stop it: a caller that gives up only stops waiting. */
export const QUERY_SECONDS_MAX = 60;
/** Memory of one SELECT. */
const QUERY_BYTES_MAX = 2 * 1024 ** 3;

/** Longest SELECT of a file, seconds: some 100,000 events a second were measured on two busy cores. */
export const FILE_SECONDS_MAX = 600;

/** A group of rows of a file is held in memory, embedded as well as on a server: some 10 MB. */
export const PARQUET_SETTINGS = [
  'output_format_parquet_row_group_size = 50000',
  'max_threads = 1',
  `max_execution_time = ${FILE_SECONDS_MAX}`,
  `max_memory_usage = ${QUERY_BYTES_MAX}`,
].join(', ');

export const READ_SETTINGS = [
  'output_format_json_quote_decimals = 1',
  'output_format_json_quote_64bit_integers = 1',
  `max_execution_time = ${QUERY_SECONDS_MAX}`,
  `max_memory_usage = ${QUERY_BYTES_MAX}`,
].join(', ');

export const INSERT_SETTINGS = {
  async_insert: 0,
  date_time_input_format: 'best_effort',
  input_format_null_as_default: 0,
  input_format_skip_unknown_fields: 0,
  // Half of a surrogate pair is JSON, and a client may send it: the escape is stored as it is (I1).
  input_format_json_throw_on_bad_escape_sequence: 0,
};

export const INSERT_SETTINGS_TEXT = Object.entries(INSERT_SETTINGS)
  .map(([name, value]) => `${name} = '${value}'`)
  .join(', ');
