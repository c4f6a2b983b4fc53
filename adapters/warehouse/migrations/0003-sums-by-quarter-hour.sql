CREATE VIEW IF NOT EXISTS tollgate.usage_quarter_hourly AS
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
  cost, unpriced_events
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
  countIf(isNull(cost)) AS unpriced_events
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
  cost, unpriced_events
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
  sum(unpriced_events) AS unpriced_events
FROM tollgate.usage_quarter_hourly
GROUP BY
  customer_id, day, team_id, key_id, environment, provider, model, endpoint, type,
  usage_source, status, cache
