/** A customer's month by model and day, as GET /v1/usage asks for it: one customer after another. */
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

const MONTH_MS = 30 * 86_400_000;

/** @returns milliseconds of each query */
export async function usageQueryTimes(
  warehouse: Warehouse,
  startMs: number,
  queries: number,
): Promise<number[]> {
  const customers = await warehouse.query<{ id: string }>(
    'SELECT DISTINCT customer_id AS id FROM tollgate.rollup_15m ORDER BY id',
  );
  const times: number[] = [];
  for (let i = 0; i < queries; i++) {
    const beganMs = performance.now();
    const rows = await warehouse.query(
      `SELECT toUnixTimestamp(toStartOfDay(bucket, 'UTC')) AS window_s, model,
         sum(events) AS sum_events, sum(input_tokens) AS sum_input_tokens,
         sum(output_tokens) AS sum_output_tokens, toDecimalString(sum(cost), 12) AS cost_text
       FROM tollgate.usage_quarter_hourly
       WHERE bucket >= toDateTime({start_s:UInt32}) AND bucket < toDateTime({end_s:UInt32})
         AND customer_id = {customer:String}
       GROUP BY window_s, model ORDER BY window_s, model`,
      {
        start_s: startMs / 1000,
        end_s: (startMs + MONTH_MS) / 1000,
        customer: customers[i % customers.length]?.id,
      },
    );
    times.push(performance.now() - beganMs);
    if (rows.length === 0) throw new Error('a customer without usage');
  }
  return times;
}
