CREATE OR REPLACE VIEW tollgate.budget_spend AS
SELECT window, sum(amount) AS spent, count() AS events FROM (
  SELECT window,
    multiIf(
      NOT is_stated, held,
      unit = 'requests', toDecimal128(ifNull(requests, 0), 12),
      startsWith(unit, 'tokens'), toDecimal128(tokens, 12),
      isNull(cost), held,
      unit = 'usd', assumeNotNull(cost),
      billed) AS amount
  FROM (
    SELECT arrayJoin(arrayDistinct(budget_windows)) AS window,
      hold_units[indexOf(budget_windows, window)] AS unit,
      arraySum(arrayMap((a, w) -> if(w = window, a, toDecimal128(0, 12)),
        hold_amounts, budget_windows)) AS held,
      isNotNull(input_tokens) AND usage_source != 'estimated' AS is_stated,
      if(startsWith(unit, 'tokens.output'), 0, ifNull(
          input_tokens + cache_read_tokens + cache_write_tokens + audio_input_tokens, 0))
        + if(startsWith(unit, 'tokens.input'), 0, ifNull(
          output_tokens + reasoning_tokens + audio_output_tokens, 0))
        - if(endsWith(unit, '-cache_reads'), ifNull(cache_read_tokens, 0), 0) AS tokens,
      toInt256(toDecimal256(ifNull(cost, toDecimal128(0, 12)), 12) * toDecimal256('1000000000000', 0))
        AS pico,
      toInt256(toUInt64OrZero(extract(unit, '[+]([0-9]+)ppm'))) AS markup_ppm,
      toDecimal128(toDecimal256(intDiv(pico * (1000000 + markup_ppm) + 999999, 1000000), 12)
        / toDecimal256('1000000000000', 0), 12) AS billed,
      cost, requests
    FROM tollgate.raw_usage WHERE disposition = 'counted' AND type = 'attempt'))
GROUP BY window
