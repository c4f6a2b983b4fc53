/**
 * The text of a SELECT that a guest wrote, with bounds on what it may take: the same on the embedded
 * engine and on a server. The guest's text is a subquery, so that it cannot undo the bounds or
 * `readonly`. Nothing is spilled to disk: memory is the bound.
 */
import type { SelectBounds, Table } from './warehouse.ts';
import { WarehouseError } from './warehouse-error.ts';

/** One row more than may be shown, so that the caller knows whether there are more. */
export function boundedSelect(sql: string, bounds: SelectBounds): string {
  const settings = [
    `max_execution_time = ${bounds.secondsMax}`,
    `max_memory_usage = ${bounds.memoryBytesMax}`,
    `max_result_bytes = ${bounds.resultBytesMax}`,
    `max_threads = ${bounds.threadsMax}`,
    "result_overflow_mode = 'throw'",
    "timeout_overflow_mode = 'throw'",
    'max_bytes_before_external_group_by = 0',
    'max_bytes_before_external_sort = 0',
    'max_bytes_ratio_before_external_group_by = 0',
    'max_bytes_ratio_before_external_sort = 0',
    'output_format_json_quote_decimals = 1',
    'output_format_decimal_trailing_zeros = 1',
    'output_format_json_quote_64bit_integers = 1',
    "date_time_output_format = 'iso'",
    ...(bounds.columnsFirst === true ? ['prefer_column_name_to_alias = 1'] : []),
    'readonly = 1',
  ].join(', ');
  return `SELECT * FROM (\n${sql}\n) LIMIT ${bounds.rowsMax + 1} SETTINGS ${settings}`;
}

/**
 * Bytes of JSON that an answer may have. The engine's own bound is not enough: it counts a constant,
 * and each value of a dictionary, only once, however many rows have it.
 */
export const answerBytesMax = (bounds: SelectBounds): number => 4 * bounds.resultBytesMax;

/** TOO_MANY_ROWS_OR_BYTES. */
export const TOO_LARGE = '396';

/** @throws WarehouseError if the answer is too large */
export function tableOf(text: string, bounds: SelectBounds): Table {
  if (text.length > answerBytesMax(bounds)) {
    throw new WarehouseError(TOO_LARGE, 'the answer is too large');
  }
  const { meta, data } = JSON.parse(text) as { meta?: Table['columns']; data: unknown[][] };
  return { columns: meta ?? [], rows: data };
}
