/**
 * Port: the warehouse, SQL over deduplicated events and roll-ups (design §3, §9). The same SQL runs
 * on the embedded engine and on a server. Settings are written in the SQL text, and never passed next
 * to it: the embedded engine would keep them on its connection for all later statements.
 */

export type Row = Record<string, unknown>;

/**
 * What one SELECT may take. A query with more rows is answered with the first of them; one that exceeds
 * another bound is refused.
 */
export type SelectBounds = {
  rowsMax: number;
  resultBytesMax: number;
  secondsMax: number;
  memoryBytesMax: number;
  threadsMax: number;
  /**
   * A name that is a column and an alias means the column, as the SQL standard has it. Default: the
   * alias, as the engine has it.
   */
  columnsFirst?: boolean;
};

export type Table = {
  columns: { name: string; type: string }[];
  /** In the order of the columns. Times are RFC 3339, decimals and 64-bit integers are strings. */
  rows: unknown[][];
};

export type Warehouse = {
  /**
   * One SELECT. Parameters are ClickHouse's own `{name:Type}`. Decimals and 64-bit integers come
   * back as strings.
   */
  query<T extends Row>(sql: string, params?: Record<string, unknown>): Promise<T[]>;

  /**
   * One SELECT that a guest wrote: read-only, within bounds, answered with the names and types of its
   * columns. The caller has checked what it reads, and that its parentheses are closed.
   *
   * @param signal is aborted when nobody waits any more: the query is stopped where it runs
   */
  select(sql: string, bounds: SelectBounds, signal?: AbortSignal): Promise<Table>;

  /**
   * The lines of `EXPLAIN AST` for one statement, which is parsed and neither analysed nor run. No
   * other kind of EXPLAIN is safe: they already evaluate constants.
   */
  syntaxTree(sql: string): Promise<string[]>;

  /** One statement without a result, on the single writer connection, in the order of calls. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;

  /**
   * Inserts ready-made JSON objects, one per line (each ends in a newline), as one block: all rows
   * or none. Inserts and commands run in the order of calls.
   *
   * An unknown field is refused. So is null where a column takes none, but not in a column of numbers:
   * there the engine reads null as 0, or NaN, whatever `input_format_null_as_default` says. A number
   * that can be unknown therefore needs a Nullable column (I8: event-columns.unit.test.ts), and what
   * comes from outside is checked against its schema first.
   */
  insertLines(table: string, lines: string | Uint8Array): Promise<void>;

  /**
   * As `insertLines`, on a connection of its own, at the same time as other writes: loads are in order
   * among themselves only. For tables that no other caller writes to.
   *
   * @param lines at once, or in chunks; the caller may reuse a chunk once the next one is asked for
   */
  loadLines(table: string, lines: string | Iterable<Uint8Array>): Promise<void>;

  /**
   * The rows of one SELECT as a Parquet file, with the engine's own types, in pieces that are read no faster
   * than they are asked for. A file that was not finished is not begun: nothing comes before all rows
   * were found.
   */
  parquet(sql: string, params?: Record<string, unknown>): AsyncIterable<Uint8Array>;

  close(): Promise<void>;
};
