/**
 * What routes and the cache saved, by customer, as one query over the public views (docs/routing.md). What a
 * route's calls would have cost without it is a question, and its answer depends on the model that is taken
 * for them: so the prices of that model are in the query, and in no event.
 */

/** The model that the calls of a route would go to without it. USD per million tokens, as decimal text. */
export type Baseline = { route: string; input: string; cacheRead: string; output: string };

/** @param baselines one at least; calls of other names count as they were */
export function savingsSql(baselines: readonly Baseline[]): string {
  const rows = baselines.map(
    ({ route, input, cacheRead, output }) =>
      `    SELECT '${route}' AS route, toDecimal128('${input}', 18) / 1000000 AS input,\n` +
      `      toDecimal128('${cacheRead}', 18) / 1000000 AS cached, ` +
      `toDecimal128('${output}', 18) / 1000000 AS output`,
  );
  return `WITH
  baseline AS (
${rows.join('\n    UNION ALL\n')}
  ),
  attempts AS (
    SELECT customer_id, call_id, any(model_requested) AS route, max(attempt) AS number,
      max(type = 'attempt' AND status IN ('ok', 'client_closed')
        AND ifNull(error_type, '') != 'hedge.lost') AS answered,
      sum(ifNull(cost, toDecimal128(0, 12))) AS usd,
      sum(input_tokens + cache_write_tokens) AS tokens_in, sum(cache_read_tokens) AS tokens_cached,
      sum(output_tokens + reasoning_tokens) AS tokens_out
    FROM usage_events
    WHERE type IN ('attempt', 'resolution') AND time >= now() - INTERVAL 30 DAY
    GROUP BY customer_id, call_id, coalesce(resolves_id, id)
  ),
  calls AS (
    SELECT customer_id, call_id, sum(usd) AS paid,
      argMax(if(answered = 1, round(ifNull(tokens_in * input + tokens_cached * cached
        + tokens_out * output, 0), 12), toDecimal128(0, 18)), answered * 1000 + number) AS alone
    FROM attempts INNER JOIN baseline USING (route)
    GROUP BY customer_id, call_id
  )
SELECT customer_id, sum(paid) AS spent, sum(of_routes) AS saved_by_routes,
  sum(of_cache) AS saved_by_cache, spent + saved_by_routes + saved_by_cache AS without_either
FROM (
  SELECT customer_id, paid, toDecimal128(alone, 12) - paid AS of_routes,
    toDecimal128(0, 12) AS of_cache
  FROM calls
  UNION ALL
  SELECT customer_id, ifNull(cost, toDecimal128(0, 12)), toDecimal128(0, 12),
    ifNull(saved_cost, toDecimal128(0, 12))
  FROM usage_events
  WHERE time >= now() - INTERVAL 30 DAY AND (type = 'cache_hit'
    OR type IN ('attempt', 'resolution') AND model_requested NOT IN (SELECT route FROM baseline))
)
GROUP BY customer_id
ORDER BY customer_id`;
}
