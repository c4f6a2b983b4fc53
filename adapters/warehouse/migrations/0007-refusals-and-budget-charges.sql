ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS refusal Map(String, String)
;
CREATE OR REPLACE VIEW tollgate.usage_events AS
SELECT
  log, partition, `offset`, id, type, schema_version, call_id, attempt, source, resolves_id,
  provider_request_id, customer_id, team_id, key_id, environment, end_user, tags, provider,
  deployment, model_requested, model_served, endpoint, stream, input_tokens, cache_read_tokens,
  cache_write_tokens, output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens,
  images, requests, usage_source, cost, price_version, price_source, status, http_status, error_type,
  cache, latency_ms, ttft_ms, overhead_us, hold_lease_ids, hold_amounts, hold_units, budget_windows,
  external_type, external_subject, external_data, time, recorded_at, output_limit,
  output_clamped, refusal
FROM tollgate.raw_usage WHERE disposition = 'counted'
;
CREATE OR REPLACE VIEW tollgate.budget_charges AS
SELECT window, customer_id, time, id, call_id, unit, held,
  multiIf(
    NOT known, held,
    unit = 'requests', toDecimal128(used_requests, 12),
    startsWith(unit, 'tokens'), toDecimal128(tokens, 12),
    isNull(used_cost), held,
    unit = 'usd', assumeNotNull(used_cost),
    billed) AS charged,
  known
FROM (
  SELECT arrayJoin(arrayDistinct(budget_windows)) AS window, customer_id, time, id, call_id,
    hold_units[indexOf(budget_windows, window)] AS unit,
    arraySum(arrayMap((a, w) -> if(w = window, a, toDecimal128(0, 12)),
      hold_amounts, budget_windows)) AS held,
    known, used_cost, used_requests,
    if(startsWith(unit, 'tokens.output'), 0, tokens_in)
      + if(startsWith(unit, 'tokens.input'), 0, tokens_out)
      - if(endsWith(unit, '-cache_reads'), tokens_read, 0) AS tokens,
    toInt256(toDecimal256(ifNull(used_cost, toDecimal128(0, 12)), 12)
      * toDecimal256('1000000000000', 0)) AS pico,
    toInt256(toUInt64OrZero(extract(unit, '[+]([0-9]+)ppm'))) AS markup_ppm,
    toDecimal128(toDecimal256(intDiv(pico * (1000000 + markup_ppm) + 999999, 1000000), 12)
      / toDecimal256('1000000000000', 0), 12) AS billed
  FROM (
    SELECT a.customer_id AS customer_id, a.time AS time, a.id AS id, a.call_id AS call_id,
      a.budget_windows AS budget_windows, a.hold_units AS hold_units,
      a.hold_amounts AS hold_amounts,
      r.resolved = 1 OR (isNotNull(a.input_tokens) AND a.usage_source != 'estimated') AS known,
      if(r.resolved = 1,
        ifNull(a.cost, toDecimal128(0, 12)) + ifNull(r.cost, toDecimal128(0, 12)), a.cost)
        AS used_cost,
      ifNull(a.requests, 0) + ifNull(r.requests, 0) AS used_requests,
      ifNull(a.cache_read_tokens, 0) + ifNull(r.cache_read_tokens, 0) AS tokens_read,
      ifNull(a.input_tokens, 0) + ifNull(a.cache_read_tokens, 0) + ifNull(a.cache_write_tokens, 0)
        + ifNull(a.audio_input_tokens, 0) + ifNull(r.tokens_in, 0) AS tokens_in,
      ifNull(a.output_tokens, 0) + ifNull(a.reasoning_tokens, 0) + ifNull(a.audio_output_tokens, 0)
        + ifNull(r.tokens_out, 0) AS tokens_out
    FROM (SELECT * FROM tollgate.raw_usage
      WHERE disposition = 'counted' AND type = 'attempt' AND notEmpty(budget_windows)) AS a
    LEFT JOIN (
      SELECT assumeNotNull(resolves_id) AS target, cost, requests, cache_read_tokens,
        ifNull(input_tokens, 0) + ifNull(cache_read_tokens, 0) + ifNull(cache_write_tokens, 0)
          + ifNull(audio_input_tokens, 0) AS tokens_in,
        ifNull(output_tokens, 0) + ifNull(reasoning_tokens, 0) + ifNull(audio_output_tokens, 0)
          AS tokens_out,
        1 AS resolved
      FROM tollgate.raw_usage WHERE disposition = 'counted' AND type = 'resolution') AS r
    ON r.target = a.id))
;
CREATE OR REPLACE VIEW tollgate.budget_spend AS
SELECT window, sum(c.charged) AS spent, count() AS events,
  extract(window, '^budget-([^@~]+)') AS budget_id,
  extract(any(c.unit), '^(usd|tokens|requests)') AS unit,
  sumIf(c.charged, NOT c.known) AS unresolved
FROM tollgate.budget_charges AS c GROUP BY window
