/**
 * The proxy's Prometheus metrics. Counters are plain fields: a call's path only adds to them.
 * Durations and tokens follow OpenTelemetry's GenAI names.
 */
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';

/** Upper bounds of the duration histogram, seconds, as OpenTelemetry's GenAI conventions advise. */
const DURATION_BOUNDS_S = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24];

export type Gauges = {
  callsInFlight: number;
  outboxRecords: number;
  ledgerAgeSeconds: number;
};

export class ProxyMetrics {
  readonly #attempts = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #tokens = { input: 0, output: 0 };
  readonly #durations = new Array<number>(DURATION_BOUNDS_S.length + 1).fill(0);
  #durationSumS = 0;
  #overruns = 0;
  #unstatedUsage = 0;

  settled(provider: string, event: AttemptOutcome, overruns: number): void {
    const labels = `provider="${provider}",status="${event.status}"`;
    this.#attempts.set(labels, (this.#attempts.get(labels) ?? 0) + 1);
    this.#tokens.input += event.input_tokens ?? 0;
    this.#tokens.output += event.output_tokens ?? 0;
    this.#overruns += overruns;
    if (event.cost === null || event.usage_source === 'estimated') this.#unstatedUsage++;
    const seconds = (event.latency_ms ?? 0) / 1000;
    const bucket = DURATION_BOUNDS_S.findIndex((bound) => seconds <= bound);
    const index = bucket === -1 ? DURATION_BOUNDS_S.length : bucket;
    this.#durations[index] = (this.#durations[index] ?? 0) + 1;
    this.#durationSumS += seconds;
  }

  refused(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  /** Prometheus text exposition format 0.0.4. */
  text(gauges: Gauges): string {
    const lines: string[] = [];
    const add = (name: string, type: string, samples: [string, number][]) => {
      lines.push(`# TYPE ${name} ${type}`);
      for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
    };
    const labelled = (map: Map<string, number>, wrap: (key: string) => string) =>
      [...map].map(([key, value]): [string, number] => [wrap(key), value]);
    add(
      'tollgate_attempts_total',
      'counter',
      labelled(this.#attempts, (key) => `{${key}}`),
    );
    add(
      'tollgate_refusals_total',
      'counter',
      labelled(this.#refusals, (key) => `{code="${key}"}`),
    );
    add('gen_ai_client_token_usage_total', 'counter', [
      ['{gen_ai_token_type="input"}', this.#tokens.input],
      ['{gen_ai_token_type="output"}', this.#tokens.output],
    ]);
    add('gen_ai_client_operation_duration_seconds', 'histogram', this.#histogram());
    add('tollgate_overruns_total', 'counter', [['', this.#overruns]]);
    add('tollgate_unstated_usage_total', 'counter', [['', this.#unstatedUsage]]);
    add('tollgate_calls_in_flight', 'gauge', [['', gauges.callsInFlight]]);
    add('tollgate_outbox_records', 'gauge', [['', gauges.outboxRecords]]);
    add('tollgate_ledger_age_seconds', 'gauge', [['', gauges.ledgerAgeSeconds]]);
    return `${lines.join('\n')}\n`;
  }

  #histogram(): [string, number][] {
    let below = 0;
    const samples = DURATION_BOUNDS_S.map((bound, index): [string, number] => {
      below += this.#durations[index] ?? 0;
      return [`_bucket{le="${bound}"}`, below];
    });
    const count = below + (this.#durations.at(-1) ?? 0);
    samples.push(['_bucket{le="+Inf"}', count], ['_sum', this.#durationSumS], ['_count', count]);
    return samples;
  }
}
