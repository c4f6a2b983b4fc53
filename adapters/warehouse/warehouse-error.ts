/** The one error of every warehouse. */
export class WarehouseError extends Error {
  /** ClickHouse's own code, where it has one; else one of the transport's or of ours, in letters. */
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** As ClickHouse numbers them: what the engine stops by itself, and what is stopped from outside. */
export const TIMEOUT_EXCEEDED = '159';
export const MEMORY_LIMIT_EXCEEDED = '241';
/** QUERY_WAS_CANCELLED. */
export const CANCELLED = '394';

/**
 * ClickHouse's codes for "this text is no such value". They are about the rows of an insert, which fail
 * again whenever they are sent. Every other failure is about the server or the connection, and says
 * nothing about a row.
 */
const UNREADABLE = new Set([
  '6', // CANNOT_PARSE_TEXT
  '25', // CANNOT_PARSE_ESCAPE_SEQUENCE
  '26', // CANNOT_PARSE_QUOTED_STRING
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '33', // CANNOT_READ_ALL_DATA
  '38', // CANNOT_PARSE_DATE
  '41', // CANNOT_PARSE_DATETIME
  '53', // TYPE_MISMATCH
  '69', // ARGUMENT_OUT_OF_BOUND
  '70', // CANNOT_CONVERT_TYPE
  '72', // CANNOT_PARSE_NUMBER
  '117', // INCORRECT_DATA
  '130', // CANNOT_READ_ARRAY_FROM_TEXT
  '131', // TOO_LARGE_STRING_SIZE
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '349', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  '376', // CANNOT_PARSE_UUID
  '407', // DECIMAL_OVERFLOW
  '467', // CANNOT_PARSE_BOOL
]);

/** True if the engine cannot read a row of the insert, now or ever. */
export function isUnreadable(error: unknown): error is WarehouseError {
  return error instanceof WarehouseError && UNREADABLE.has(error.code);
}
