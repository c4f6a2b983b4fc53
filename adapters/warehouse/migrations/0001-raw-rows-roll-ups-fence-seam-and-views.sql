
  CREATE TABLE IF NOT EXISTS tollgate.raw_usage (
    log UInt32,
    partition UInt32,
    `offset` UInt64,
    disposition Enum8('counted' = 1, 'duplicate' = 2, 'dead' = 3),
    dead_reason Nullable(String),
    insert_epoch UInt64,
    id_key UInt128,
    leaf_hash FixedString(32),
    `id` String,
    `type` LowCardinality(String),
    `schema_version` UInt16,
    `call_id` Nullable(String),
    `attempt` UInt8,
    `source` String,
    `resolves_id` Nullable(String),
    `provider_request_id` Nullable(String),
    `customer_id` String,
    `team_id` Nullable(String),
    `key_id` Nullable(String),
    `environment` Nullable(String),
    `end_user` Nullable(String),
    `tags` Map(String, String),
    `provider` Nullable(String),
    `deployment` Nullable(String),
    `model_requested` Nullable(String),
    `model_served` Nullable(String),
    `endpoint` Nullable(String),
    `stream` Bool,
    `input_tokens` Nullable(Int64),
    `cache_read_tokens` Nullable(Int64),
    `cache_write_tokens` Nullable(Int64),
    `output_tokens` Nullable(Int64),
    `reasoning_tokens` Nullable(Int64),
    `audio_input_tokens` Nullable(Int64),
    `audio_output_tokens` Nullable(Int64),
    `images` Nullable(Int64),
    `requests` Nullable(Int64),
    `usage_source` LowCardinality(String),
    `cost` Nullable(Decimal(38, 12)),
    `price_version` Nullable(String),
    `price_source` LowCardinality(String),
    `status` LowCardinality(String),
    `http_status` Nullable(UInt16),
    `error_type` Nullable(String),
    `cache` LowCardinality(String),
    `latency_ms` Nullable(Float64),
    `ttft_ms` Nullable(Float64),
    `overhead_us` Nullable(Int64),
    `hold_lease_ids` Array(String),
    `hold_amounts` Array(Decimal(38, 12)),
    `hold_units` Array(String),
    `budget_windows` Array(String),
    `external_type` Nullable(String),
    `external_subject` Nullable(String),
    `external_data` Nullable(String),
    `time` DateTime64(3, 'UTC'),
    `recorded_at` DateTime64(3, 'UTC'),
    PROJECTION by_key (
      SELECT id_key, disposition, leaf_hash, type, usage_source, cost ORDER BY id_key),
    PROJECTION by_position (
      SELECT log, partition, `offset`, disposition, insert_epoch, leaf_hash
      ORDER BY log, partition, `offset`)
  ) ENGINE = MergeTree PARTITION BY toYYYYMM(time)
  ORDER BY (customer_id, time, log, partition, `offset`) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
;

  CREATE TABLE IF NOT EXISTS tollgate.rollup_15m (
    log UInt32, partition UInt32, version UInt64,
    customer_id String, bucket DateTime('UTC'),
    team_id String, key_id String, environment String, provider String, model String, endpoint String, type String, usage_source String, status String, cache String,
    events UInt64, input_tokens Int64, cache_read_tokens Int64, cache_write_tokens Int64, output_tokens Int64, reasoning_tokens Int64, audio_input_tokens Int64, audio_output_tokens Int64, images Int64, requests Int64,
    cost Decimal(38, 12), unpriced_events UInt64
  ) ENGINE = ReplacingMergeTree(version)
  ORDER BY (customer_id, bucket, team_id, key_id, environment, provider, model, endpoint, type, usage_source, status, cache) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
;

  CREATE TABLE IF NOT EXISTS tollgate.dirty_bucket (
    log UInt32, partition UInt32, customer_id String, bucket DateTime('UTC'),
    marked_version SimpleAggregateFunction(max, UInt64),
    rolled_version SimpleAggregateFunction(max, UInt64)
  ) ENGINE = AggregatingMergeTree ORDER BY (log, partition, customer_id, bucket)
  SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
;

  CREATE TABLE IF NOT EXISTS tollgate.fence (log UInt32, partition UInt32, epoch UInt64)
  ENGINE = MergeTree ORDER BY (log, partition, epoch) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
;

  CREATE TABLE IF NOT EXISTS tollgate.seam (log UInt32, partition UInt32, seam DateTime('UTC'))
  ENGINE = ReplacingMergeTree(seam) ORDER BY (log, partition) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
;

  CREATE VIEW IF NOT EXISTS tollgate.usage_events AS
  SELECT log, partition, `offset`, `id`, `type`, `schema_version`, `call_id`, `attempt`, `source`, `resolves_id`, `provider_request_id`, `customer_id`, `team_id`, `key_id`, `environment`, `end_user`, `tags`, `provider`, `deployment`, `model_requested`, `model_served`, `endpoint`, `stream`, `input_tokens`, `cache_read_tokens`, `cache_write_tokens`, `output_tokens`, `reasoning_tokens`, `audio_input_tokens`, `audio_output_tokens`, `images`, `requests`, `usage_source`, `cost`, `price_version`, `price_source`, `status`, `http_status`, `error_type`, `cache`, `latency_ms`, `ttft_ms`, `overhead_us`, `hold_lease_ids`, `hold_amounts`, `hold_units`, `budget_windows`, `external_type`, `external_subject`, `external_data`, `time`, `recorded_at`
  FROM tollgate.raw_usage WHERE disposition = 'counted'
;

  CREATE VIEW IF NOT EXISTS tollgate.usage_hourly AS
  WITH (SELECT mapFromArrays(groupArray(log * 65536 + partition), groupArray(newest))
  FROM (SELECT log, partition, max(seam) AS newest FROM tollgate.seam GROUP BY log, partition)) AS seams, (SELECT if(count() = 0, toDateTime(0, 'UTC'), min(newest))
  FROM (SELECT max(seam) AS newest FROM tollgate.seam GROUP BY log, partition)) AS oldest
  SELECT customer_id, bucket, team_id, key_id, environment, provider, model, endpoint, type, usage_source, status, cache, events, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, images, requests, cost, unpriced_events FROM tollgate.rollup_15m FINAL
  WHERE bucket < seams[log * 65536 + partition] AND events > 0
  UNION ALL
  SELECT customer_id, toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE) AS bucket, ifNull(toString(team_id), '') AS dim_team_id, ifNull(toString(key_id), '') AS dim_key_id, ifNull(toString(environment), '') AS dim_environment, ifNull(toString(provider), '') AS dim_provider, ifNull(ifNull(model_served, model_requested), '') AS dim_model, ifNull(toString(endpoint), '') AS dim_endpoint, ifNull(toString(type), '') AS dim_type, ifNull(toString(usage_source), '') AS dim_usage_source, ifNull(toString(status), '') AS dim_status, ifNull(toString(cache), '') AS dim_cache, count() AS events, sum(ifNull(input_tokens, 0)) AS sum_input_tokens, sum(ifNull(cache_read_tokens, 0)) AS sum_cache_read_tokens, sum(ifNull(cache_write_tokens, 0)) AS sum_cache_write_tokens, sum(ifNull(output_tokens, 0)) AS sum_output_tokens, sum(ifNull(reasoning_tokens, 0)) AS sum_reasoning_tokens, sum(ifNull(audio_input_tokens, 0)) AS sum_audio_input_tokens, sum(ifNull(audio_output_tokens, 0)) AS sum_audio_output_tokens, sum(ifNull(images, 0)) AS sum_images, sum(ifNull(requests, 0)) AS sum_requests, sum(ifNull(cost, toDecimal128(0, 12))) AS sum_cost, countIf(isNull(cost)) AS unpriced_events FROM tollgate.raw_usage
  WHERE disposition = 'counted' AND time >= oldest
    AND toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE)
      >= seams[log * 65536 + partition]
  GROUP BY customer_id, bucket, dim_team_id, dim_key_id, dim_environment, dim_provider, dim_model, dim_endpoint, dim_type, dim_usage_source, dim_status, dim_cache
;

  CREATE VIEW IF NOT EXISTS tollgate.usage_daily AS
  SELECT customer_id, toDate(bucket) AS day, team_id, key_id, environment, provider, model, endpoint, type, usage_source, status, cache, sum(events) AS events,
    sum(input_tokens) AS input_tokens, sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens, sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens, sum(audio_input_tokens) AS audio_input_tokens, sum(audio_output_tokens) AS audio_output_tokens, sum(images) AS images, sum(requests) AS requests,
    sum(cost) AS cost, sum(unpriced_events) AS unpriced_events
  FROM tollgate.usage_hourly GROUP BY customer_id, day, team_id, key_id, environment, provider, model, endpoint, type, usage_source, status, cache
;

  CREATE VIEW IF NOT EXISTS tollgate.usage_dead AS
  SELECT log, partition, `offset`, dead_reason, time AS appended_at
  FROM tollgate.raw_usage WHERE disposition = 'dead'
;

  CREATE VIEW IF NOT EXISTS tollgate.log_progress AS
  SELECT log, partition, count() AS rows, max(`offset`) + 1 AS first_offset_without_row
  FROM tollgate.raw_usage GROUP BY log, partition
;

  CREATE VIEW IF NOT EXISTS tollgate.budget_spend AS
  SELECT window, sum(amount) AS spent, count() AS events FROM (
    SELECT arrayJoin(arrayDistinct(budget_windows)) AS window,
      if(isNull(cost) OR usage_source = 'estimated',
        arraySum(arrayMap((a, w) -> if(w = window, a, toDecimal128(0, 12)),
          hold_amounts, budget_windows)), assumeNotNull(cost)) AS amount
    FROM tollgate.raw_usage WHERE disposition = 'counted' AND type = 'attempt')
  GROUP BY window
