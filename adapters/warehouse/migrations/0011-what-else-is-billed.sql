ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS cache_write_1h_tokens Nullable(Int64)
  DEFAULT if(isNull(input_tokens), NULL, 0)
;
ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS image_input_tokens Nullable(Int64)
  DEFAULT if(isNull(input_tokens), NULL, 0)
;
ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS image_output_tokens Nullable(Int64)
  DEFAULT if(isNull(input_tokens), NULL, 0)
;
ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS searches Nullable(Int64)
  DEFAULT if(isNull(input_tokens), NULL, 0)
;
ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS audio_seconds Nullable(Int64)
  DEFAULT if(isNull(input_tokens), NULL, 0)
;
ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS characters Nullable(Int64)
  DEFAULT if(isNull(input_tokens), NULL, 0)
;
ALTER TABLE tollgate.rollup_15m ADD COLUMN IF NOT EXISTS cache_write_1h_tokens Int64
;
ALTER TABLE tollgate.rollup_15m ADD COLUMN IF NOT EXISTS image_input_tokens Int64
;
ALTER TABLE tollgate.rollup_15m ADD COLUMN IF NOT EXISTS image_output_tokens Int64
;
ALTER TABLE tollgate.rollup_15m ADD COLUMN IF NOT EXISTS searches Int64
;
ALTER TABLE tollgate.rollup_15m ADD COLUMN IF NOT EXISTS audio_seconds Int64
;
ALTER TABLE tollgate.rollup_15m ADD COLUMN IF NOT EXISTS characters Int64
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
  output_clamped, refusal, saved_cost, saved_tokens, redactions, cache_similarity,
  cache_write_1h_tokens, image_input_tokens, image_output_tokens, searches, audio_seconds, characters
FROM tollgate.raw_usage WHERE disposition = 'counted'
;
CREATE OR REPLACE VIEW tollgate.usage_quarter_hourly AS
WITH
  (SELECT mapFromArrays(groupArray(log * 65536 + partition), groupArray(newest))
   FROM (SELECT log, partition, max(seam) AS newest FROM tollgate.seam GROUP BY log, partition))
     AS seams,
  (SELECT if(count() = 0, toDateTime(0, 'UTC'), min(newest))
   FROM (SELECT max(seam) AS newest FROM tollgate.seam GROUP BY log, partition)) AS oldest
SELECT
  customer_id, bucket, team_id, key_id, environment, provider, model, endpoint, type,
  usage_source, status, cache, events, input_tokens, cache_read_tokens, cache_write_tokens,
  output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, images, requests,
  cost, unpriced_events, saved_cost, cache_write_1h_tokens, image_input_tokens, image_output_tokens,
  searches, audio_seconds, characters
FROM tollgate.rollup_15m FINAL
WHERE bucket < seams[log * 65536 + partition] AND events > 0
UNION ALL
SELECT
  customer_id,
  toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE) AS bucket,
  ifNull(toString(team_id), '') AS dim_team_id,
  ifNull(toString(key_id), '') AS dim_key_id,
  ifNull(toString(environment), '') AS dim_environment,
  ifNull(toString(provider), '') AS dim_provider,
  ifNull(ifNull(model_served, model_requested), '') AS dim_model,
  ifNull(toString(endpoint), '') AS dim_endpoint,
  ifNull(toString(type), '') AS dim_type,
  ifNull(toString(usage_source), '') AS dim_usage_source,
  ifNull(toString(status), '') AS dim_status,
  ifNull(toString(cache), '') AS dim_cache,
  count() AS events,
  sum(ifNull(input_tokens, 0)) AS sum_input_tokens,
  sum(ifNull(cache_read_tokens, 0)) AS sum_cache_read_tokens,
  sum(ifNull(cache_write_tokens, 0)) AS sum_cache_write_tokens,
  sum(ifNull(output_tokens, 0)) AS sum_output_tokens,
  sum(ifNull(reasoning_tokens, 0)) AS sum_reasoning_tokens,
  sum(ifNull(audio_input_tokens, 0)) AS sum_audio_input_tokens,
  sum(ifNull(audio_output_tokens, 0)) AS sum_audio_output_tokens,
  sum(ifNull(images, 0)) AS sum_images,
  sum(ifNull(requests, 0)) AS sum_requests,
  sum(ifNull(cost, toDecimal128(0, 12))) AS sum_cost,
  countIf(isNull(cost)) AS unpriced_events,
  sum(ifNull(saved_cost, toDecimal128(0, 12))) AS sum_saved_cost,
  sum(ifNull(cache_write_1h_tokens, 0)) AS sum_cache_write_1h_tokens,
  sum(ifNull(image_input_tokens, 0)) AS sum_image_input_tokens,
  sum(ifNull(image_output_tokens, 0)) AS sum_image_output_tokens,
  sum(ifNull(searches, 0)) AS sum_searches,
  sum(ifNull(audio_seconds, 0)) AS sum_audio_seconds,
  sum(ifNull(characters, 0)) AS sum_characters
FROM tollgate.raw_usage
WHERE disposition = 'counted' AND time >= oldest
  AND toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE)
    >= seams[log * 65536 + partition]
GROUP BY
  customer_id, bucket, dim_team_id, dim_key_id, dim_environment, dim_provider, dim_model,
  dim_endpoint, dim_type, dim_usage_source, dim_status, dim_cache
;
CREATE OR REPLACE VIEW tollgate.usage_hourly AS
SELECT
  customer_id, bucket, team_id, key_id, environment, provider, model, endpoint, type,
  usage_source, status, cache, events, input_tokens, cache_read_tokens, cache_write_tokens,
  output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, images, requests,
  cost, unpriced_events, saved_cost, cache_write_1h_tokens, image_input_tokens, image_output_tokens,
  searches, audio_seconds, characters
FROM tollgate.usage_quarter_hourly
;
CREATE OR REPLACE VIEW tollgate.usage_daily AS
SELECT
  customer_id, toDate(bucket) AS day, team_id, key_id, environment, provider, model, endpoint,
  type, usage_source, status, cache,
  sum(events) AS events,
  sum(input_tokens) AS input_tokens,
  sum(cache_read_tokens) AS cache_read_tokens,
  sum(cache_write_tokens) AS cache_write_tokens,
  sum(output_tokens) AS output_tokens,
  sum(reasoning_tokens) AS reasoning_tokens,
  sum(audio_input_tokens) AS audio_input_tokens,
  sum(audio_output_tokens) AS audio_output_tokens,
  sum(images) AS images,
  sum(requests) AS requests,
  sum(cost) AS cost,
  sum(unpriced_events) AS unpriced_events,
  sum(saved_cost) AS saved_cost,
  sum(cache_write_1h_tokens) AS cache_write_1h_tokens,
  sum(image_input_tokens) AS image_input_tokens,
  sum(image_output_tokens) AS image_output_tokens,
  sum(searches) AS searches,
  sum(audio_seconds) AS audio_seconds,
  sum(characters) AS characters
FROM tollgate.usage_quarter_hourly
GROUP BY
  customer_id, day, team_id, key_id, environment, provider, model, endpoint, type,
  usage_source, status, cache
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
        + ifNull(a.audio_input_tokens, 0) + ifNull(a.cache_write_1h_tokens, 0)
        + ifNull(a.image_input_tokens, 0) + ifNull(r.tokens_in, 0) AS tokens_in,
      ifNull(a.output_tokens, 0) + ifNull(a.reasoning_tokens, 0) + ifNull(a.audio_output_tokens, 0)
        + ifNull(a.image_output_tokens, 0) + ifNull(r.tokens_out, 0) AS tokens_out
    FROM (SELECT * FROM tollgate.raw_usage
      WHERE disposition = 'counted' AND type IN ('attempt', 'cache_hit')
        AND notEmpty(budget_windows)) AS a
    LEFT JOIN (
      SELECT assumeNotNull(resolves_id) AS target, cost, requests, cache_read_tokens,
        ifNull(input_tokens, 0) + ifNull(cache_read_tokens, 0) + ifNull(cache_write_tokens, 0)
          + ifNull(audio_input_tokens, 0) + ifNull(cache_write_1h_tokens, 0)
          + ifNull(image_input_tokens, 0) AS tokens_in,
        ifNull(output_tokens, 0) + ifNull(reasoning_tokens, 0) + ifNull(audio_output_tokens, 0)
          + ifNull(image_output_tokens, 0) AS tokens_out,
        1 AS resolved
      FROM tollgate.raw_usage WHERE disposition = 'counted' AND type = 'resolution') AS r
    ON r.target = a.id))
