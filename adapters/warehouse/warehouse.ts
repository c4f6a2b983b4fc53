/**
 * Port: the warehouse, SQL over deduplicated events and roll-ups (docs/design.md, The shape,
 * Projection). The same SQL runs on the embedded engine and on a server. Settings belong in the SQL
 * text, never outside it: the embedded engine would keep them on its connection forever.
 */

export type Row = Record<string, unknown>;

/**
 * What one SELECT may take. A query with more rows gets the first ones; above the other bounds it
 * is refused.
 */
export type SelectBounds = {
  rowsMax: number;
  resultBytesMax: number;
  secondsMax: number;
  memoryBytesMax: number;
  threadsMax: number;
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
   * One SELECT that somebody else wrote: read-only, within bounds, with the names and types of its
   * columns. The caller has made sure of what it reads, and that its parentheses are closed.
   */
  select(sql: string, bounds: SelectBounds): Promise<Table>;

  /**
   * The lines of `EXPLAIN AST` for one statement, which is parsed and neither analysed nor run. Of
   * all kinds of EXPLAIN this alone is safe: the others already execute constants.
   */
  syntaxTree(sql: string): Promise<string[]>;

  /** One statement without a result, on the single writer connection, in the order of calls. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;

  /**
   * Inserts ready-made JSON objects, one per line (each ends in a newline), as one block: all rows
   * or none. In the order of calls, commands included. An unknown field is refused, and so is null where a column takes none, except by the
   * engine's parser of numbers: it reads null as 0, or NaN, whatever
   * `input_format_null_as_default` says. So a number that can be unknown needs a Nullable column (I8:
   * event-columns.unit.test.ts), and what comes from outside is held against its schema before.
   */
  insertLines(table: string, lines: string | Uint8Array): Promise<void>;

  /**
   * Like `insertLines`, but on a connection of its own, in parallel to other writes. Loads are in
   * order only among themselves. For tables that nobody else writes to.
   *
   * @param lines in one piece, or in chunks; the caller may reuse a chunk once the next one is
   *   requested
   */
  loadLines(table: string, lines: string | Iterable<Uint8Array>): Promise<void>;

  close(): Promise<void>;
};
