/**
 * Port: the warehouse, SQL over deduplicated events and roll-ups (design §3, §9). The same SQL runs
 * on the embedded engine and on a server. Settings stand in the SQL text, never beside it: the
 * embedded engine would keep them on its connection for ever.
 */

export type Row = Record<string, unknown>;

export type Warehouse = {
  /**
   * One SELECT. Parameters are ClickHouse's own `{name:Type}`. Decimals and 64-bit integers come
   * back as strings.
   */
  query<T extends Row>(sql: string, params?: Record<string, unknown>): Promise<T[]>;

  /** One statement without a result, on the single writer connection, in the order of calls. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;

  /**
   * Inserts ready-made JSON objects, one per line (each ends in a newline), as one block: all rows
   * or none. Unknown fields, and null where a column takes none, are refused.
   */
  insertLines(table: string, lines: string | Uint8Array): Promise<void>;

  close(): Promise<void>;
};
