ALTER TABLE tollgate.raw_usage ADD COLUMN IF NOT EXISTS cache_similarity Nullable(Float64)
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
  output_clamped, refusal, saved_cost, saved_tokens, redactions, cache_similarity
FROM tollgate.raw_usage WHERE disposition = 'counted'
