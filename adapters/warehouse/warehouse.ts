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

  /** `INSERT INTO … FORMAT JSONEachRow` with ready-made lines (each ends in a newline). */
  insertLines(insertSql: string, lines: string): Promise<void>;

  close(): Promise<void>;
};
