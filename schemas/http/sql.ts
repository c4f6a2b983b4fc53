/** `POST /v1/sql`: one read-only SELECT over the public views (docs/sql.md). */
import { z } from 'zod';

/** Characters of a query. Longer ones are written by machines, and cost parsing before anything. */
const SQL_LENGTH_MAX = 16_384;
/** Rows of an answer, beyond which it is a download and not a question. */
const ROWS_MAX = 10_000;

export const sqlRequest = z.strictObject({
  sql: z.string().min(1).max(SQL_LENGTH_MAX),
  max_rows: z
    .int()
    .min(1)
    .max(ROWS_MAX)
    .default(1_000)
    .meta({ description: 'Rows to answer with at most; `truncated` tells that there are more.' }),
});

export const sqlResult = z.strictObject({
  object: z.literal('sql_result'),
  columns: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string().meta({ description: "ClickHouse's name of the type." }),
    }),
  ),
  rows: z.array(z.array(z.json())).meta({
    description:
      'In the order of `columns`. Decimals and 64-bit integers are strings; times are RFC 3339.',
  }),
  truncated: z.boolean(),
});
