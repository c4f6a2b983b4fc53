import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { describe, expect, it } from 'vitest';
import { ProxyMetrics } from './metrics.ts';

const GAUGES = { callsInFlight: 3, outboxRecords: 4, ledgerAgeSeconds: 0.25 };

function outcome(fields: Partial<AttemptOutcome> = {}): AttemptOutcome {
  const stated = { status: 'ok', cost: '0.000000000001', usage_source: 'provider' };
  return {
    ...stated,
    input_tokens: 0,
    output_tokens: 0,
    latency_ms: 1,
    ...fields,
  } as AttemptOutcome;
}

/** The samples of one metric, by what comes after its name. */
function samples(metrics: ProxyMetrics, name: string): string[] {
  const lines = metrics.text(GAUGES).split('\n');
  return lines.flatMap((line) => (line.startsWith(name) ? [line.slice(name.length)] : []));
}

describe('the metrics of a proxy', () => {
  it('are Prometheus text, every one with its type, before the first call', () => {
    const buckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, '+Inf'];
    const name = 'gen_ai_client_operation_duration_seconds';
    expect(new ProxyMetrics().text(GAUGES)).toBe(
      [
        '# TYPE tollgate_attempts_total counter',
        '# TYPE tollgate_refusals_total counter',
        '# TYPE gen_ai_client_token_usage_total counter',
        'gen_ai_client_token_usage_total{gen_ai_token_type="input"} 0',
        'gen_ai_client_token_usage_total{gen_ai_token_type="output"} 0',
        `# TYPE ${name} histogram`,
        ...buckets.map((bound) => `${name}_bucket{le="${bound}"} 0`),
        `${name}_sum 0`,
        `${name}_count 0`,
        '# TYPE tollgate_overruns_total counter',
        'tollgate_overruns_total 0',
        '# TYPE tollgate_unstated_usage_total counter',
        'tollgate_unstated_usage_total 0',
        '# TYPE tollgate_calls_in_flight gauge',
        'tollgate_calls_in_flight 3',
        '# TYPE tollgate_outbox_records gauge',
        'tollgate_outbox_records 4',
        '# TYPE tollgate_ledger_age_seconds gauge',
        'tollgate_ledger_age_seconds 0.25',
        '',
      ].join('\n'),
    );
  });

  it('count attempts by provider and status, and refusals by code', () => {
    const metrics = new ProxyMetrics();
    metrics.settled('a', outcome(), 0);
    metrics.settled('a', outcome(), 0);
    metrics.settled('a', outcome({ status: 'timeout' }), 0);
    metrics.settled('b', outcome(), 0);
    for (const code of ['x', 'y', 'x']) metrics.refused(code);
    expect(samples(metrics, 'tollgate_attempts_total')).toEqual([
      '{provider="a",status="ok"} 2',
      '{provider="a",status="timeout"} 1',
      '{provider="b",status="ok"} 1',
    ]);
    expect(samples(metrics, 'tollgate_refusals_total')).toEqual(['{code="x"} 2', '{code="y"} 1']);
  });

  it('add tokens and overruns up; unknown ones add nothing', () => {
    const metrics = new ProxyMetrics();
    metrics.settled('a', outcome({ input_tokens: 7, output_tokens: 2 }), 2);
    metrics.settled('a', outcome({ input_tokens: 5, output_tokens: 1 }), 1);
    metrics.settled('a', outcome({ input_tokens: null, output_tokens: null }), 0);
    expect(samples(metrics, 'gen_ai_client_token_usage_total')).toEqual([
      '{gen_ai_token_type="input"} 12',
      '{gen_ai_token_type="output"} 3',
    ]);
    expect(samples(metrics, 'tollgate_overruns_total')).toEqual([' 3']);
  });

  it('I8: count what no provider stated: an unknown cost, or an estimate', () => {
    const metrics = new ProxyMetrics();
    metrics.settled('a', outcome(), 0);
    expect(samples(metrics, 'tollgate_unstated_usage_total')).toEqual([' 0']);
    metrics.settled('a', outcome({ cost: null }), 0);
    metrics.settled('a', outcome({ usage_source: 'estimated' }), 0);
    expect(samples(metrics, 'tollgate_unstated_usage_total')).toEqual([' 2']);
  });

  it('put a duration that equals a bound below it, and one above all bounds into the last', () => {
    const metrics = new ProxyMetrics();
    for (const latency_ms of [10, 10.5, 10_240, 10_241, null]) {
      metrics.settled('a', outcome({ latency_ms }), 0);
    }
    const found = samples(metrics, 'gen_ai_client_operation_duration_seconds');
    expect(found.slice(0, 2)).toEqual(['_bucket{le="0.01"} 2', '_bucket{le="0.02"} 3']);
    expect(found.slice(-4)).toEqual([
      '_bucket{le="10.24"} 4',
      '_bucket{le="+Inf"} 5',
      '_sum 20.5015',
      '_count 5',
    ]);
  });
});
