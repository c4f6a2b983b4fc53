import { type Family, metricsText } from '@tollgate/adapters/metrics/families.ts';
import { parseExposition } from '@tollgate/adapters/metrics/testing/parse-exposition.ts';
import { readSample, readSamples } from '@tollgate/adapters/metrics/testing/read-sample.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProxyMetrics } from './metrics.ts';

const LIMITS = { metricModelsMax: 3, metricCodesMax: 2 };
const GAUGES = {
  ...{ callsInFlight: 3, outboxRecords: 4, ledgerAgeSeconds: 0.25 },
  rates: { isAway: true, failures: 7, unenforced: 8, shares: 9 },
  endUserWindows: 10,
  accessLines: { written: 5, dropped: 6 },
  spans: { sent: 11, dropped: 12 },
  payloads: { stored: 13, dropped: 14 },
};

let metrics: ProxyMetrics;
beforeEach(() => {
  metrics = new ProxyMetrics(LIMITS);
});

function settled(
  at: string,
  fields: Partial<AttemptOutcome> = {},
  settlement: { cost?: bigint | null; overruns?: unknown[] } = {},
): void {
  const [name = '', model = ''] = at.split(':');
  const outcome = {
    ...{ status: 'ok', http_status: 200, error_type: null, cost: '0.1', usage_source: 'provider' },
    ...{ input_tokens: 0, output_tokens: 0, latency_ms: 1, ttft_ms: null },
    overhead_us: null,
    ...fields,
  } as AttemptOutcome;
  metrics.settled({ provider: { name }, model }, outcome, {
    ...{ cost: 0n, overruns: [] },
    ...settlement,
  });
}

const measured = (isIll = (_: string) => false): Family[] => metrics.families(GAUGES, isIll);
/** Labels and values of one metric. */
const ofName = (name: string) =>
  [...readSamples(measured())].flatMap(([sample, value]) =>
    sample.startsWith(`${name}{`) ? [[sample.slice(name.length), value]] : [],
  );

describe('the metrics of a proxy', () => {
  it('are Prometheus text, every one with its type and a sentence of help', () => {
    settled('a:m', { ttft_ms: 5, error_type: 'usage_missing' });
    metrics.refused('x');
    metrics.judged('g', 'answer', 'deny');
    metrics.claimed('first');
    const read = parseExposition(metricsText([{ process: 'p', families: measured() }]));
    for (const { help } of read.values()) expect(help).toMatch(/^[A-Z1].*\.$/);
    expect(new Set([...read.values()].map(({ samples }) => samples.length > 0))).toEqual(
      new Set([true]),
    );
    expect([...read.keys()].sort()).toEqual([
      'gen_ai_client_operation_duration_seconds',
      'gen_ai_client_token_usage_total',
      'gen_ai_server_time_to_first_token_seconds',
      'tollgate_access_log_dropped_total',
      'tollgate_access_log_lines_total',
      'tollgate_attempts_total',
      'tollgate_calls_in_flight',
      'tollgate_cost_usd_total',
      'tollgate_end_user_windows',
      'tollgate_guardrail_verdicts_total',
      'tollgate_idempotency_claims_total',
      'tollgate_ledger_age_seconds',
      'tollgate_outbox_records',
      'tollgate_overhead_seconds',
      'tollgate_overruns_total',
      'tollgate_payloads_dropped_total',
      'tollgate_payloads_total',
      'tollgate_provider_ill',
      'tollgate_rate_shares',
      'tollgate_rate_store_away',
      'tollgate_rate_store_failures_total',
      'tollgate_rate_unenforced_total',
      'tollgate_refusals_total',
      'tollgate_trace_spans_dropped_total',
      'tollgate_trace_spans_total',
      'tollgate_unstated_usage_total',
      'tollgate_upstream_errors_total',
      'tollgate_upstream_responses_total',
    ]);
  });

  it('count attempts by provider, model and status, upstream answers, errors, and refusals', () => {
    settled('a:m');
    settled('a:m');
    settled('a:m', { status: 'timeout', http_status: null, error_type: 'upstream_timeout' });
    settled('b:m', { status: 'upstream_error', http_status: 503 });
    for (const code of ['x', 'y', 'x']) metrics.refused(code);
    expect(ofName('tollgate_attempts_total')).toEqual([
      ['{provider="a",model="m",status="ok"}', 2],
      ['{provider="a",model="m",status="timeout"}', 1],
      ['{provider="b",model="m",status="upstream_error"}', 1],
    ]);
    expect(ofName('tollgate_upstream_responses_total')).toEqual([
      ['{provider="a",http_status="200"}', 2],
      ['{provider="a",http_status="none"}', 1],
      ['{provider="b",http_status="503"}', 1],
    ]);
    expect(ofName('tollgate_upstream_errors_total')).toEqual([
      ['{provider="a",error_type="upstream_timeout"}', 1],
    ]);
    expect(ofName('tollgate_refusals_total')).toEqual([
      ['{code="x"}', 2],
      ['{code="y"}', 1],
    ]);
  });

  it('add tokens, cost and overruns up; unknown ones add nothing', () => {
    const tokens = { input_tokens: 7, output_tokens: 2, cache_read_tokens: 30 };
    settled('a:m', tokens, { cost: 1_500_000_000_000n, overruns: [1, 2] });
    settled('a:m', { input_tokens: 5, output_tokens: 1 }, { cost: 2n, overruns: [1] });
    settled('a:m', { input_tokens: null, output_tokens: null, cost: null }, { cost: null });
    const kinds = ofName('gen_ai_client_token_usage_total').map(([labels, n]) => [
      /gen_ai_token_type="(.*)"/.exec(String(labels))?.[1],
      n,
    ]);
    expect(kinds).toEqual([
      ['input', 12],
      ['cache_read', 30],
      ['cache_write', 0],
      ['output', 3],
      ['reasoning', 0],
      ['audio_input', 0],
      ['audio_output', 0],
    ]);
    const labels = '{provider="a",model="m"}';
    expect(ofName('tollgate_cost_usd_total')).toEqual([[labels, 1.500000000002]]);
    expect(ofName('tollgate_overruns_total')).toEqual([[labels, 3]]);
  });

  it('I8: count what no provider stated: an unknown cost, or an estimate', () => {
    settled('a:m');
    settled('a:m', { cost: null });
    settled('a:m', { usage_source: 'estimated' });
    expect(ofName('tollgate_unstated_usage_total')).toEqual([['{provider="a",model="m"}', 2]]);
  });

  it('have durations of all attempts, and the first token of those that streamed', () => {
    settled('a:m', { latency_ms: 400_000, ttft_ms: 300_000 });
    settled('a:m', { latency_ms: 20 });
    settled('a:m', { latency_ms: null });
    const sample = (name: string) => readSample(measured(), `${name}{provider="a",model="m"}`);
    expect([
      sample('gen_ai_client_operation_duration_seconds_count'),
      sample('gen_ai_client_operation_duration_seconds_sum'),
      sample('gen_ai_server_time_to_first_token_seconds_count'),
      sample('gen_ai_server_time_to_first_token_seconds_sum'),
    ]).toEqual([3, 400.02, 1, 300]);
  });

  it('have what the gateway adds, of all attempts together', () => {
    settled('a:m', { overhead_us: 400 });
    settled('b:m', { overhead_us: 2_000_000 });
    settled('b:m', { overhead_us: null });
    expect([
      readSample(measured(), 'tollgate_overhead_seconds_bucket{le="0.00025"}'),
      readSample(measured(), 'tollgate_overhead_seconds_bucket{le="0.0005"}'),
      readSample(measured(), 'tollgate_overhead_seconds_bucket{le="+Inf"}'),
      readSample(measured(), 'tollgate_overhead_seconds_sum'),
    ]).toEqual([0, 1, 2, 2.0004]);
  });

  it('say which provider is ill', () => {
    settled('a:m');
    settled('b:m');
    const families = measured((provider) => provider === 'b');
    expect(readSample(families, 'tollgate_provider_ill{provider="a"}')).toBe(0);
    expect(readSample(families, 'tollgate_provider_ill{provider="b"}')).toBe(1);
  });

  // litellm PR#39136: every name that a client made up was a series, until a restart.
  it('have labels of the configured models and of a bounded number of others', () => {
    const configured = { provider: { name: 'a' }, model: 'configured' };
    metrics = new ProxyMetrics(LIMITS, [configured]);
    for (let i = 0; i < 1_000; i++) settled(`a:made-up-${i}`);
    for (let i = 0; i < 10; i++) settled(`b:made-up-${i}`);
    settled('a:configured');
    expect(ofName('tollgate_attempts_total')).toEqual([
      ['{provider="a",model="configured",status="ok"}', 1],
      ['{provider="a",model="made-up-0",status="ok"}', 1],
      ['{provider="a",model="made-up-1",status="ok"}', 1],
      ['{provider="a",model="other",status="ok"}', 998],
      ['{provider="b",model="other",status="ok"}', 10],
    ]);
  });

  it('have a bounded number of statuses that a provider makes up', () => {
    for (let status = 500; status < 600; status++) settled('a:m', { http_status: status });
    expect(ofName('tollgate_upstream_responses_total')).toEqual([
      ['{provider="a",http_status="500"}', 1],
      ['{provider="a",http_status="501"}', 1],
      ['{provider="a",http_status="other"}', 98],
    ]);
  });
});
