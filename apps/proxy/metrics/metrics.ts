/**
 * What a proxy counts about its calls. A call's path only adds to fields that it finds by two map
 * accesses; labels are made once per series. Tokens and durations have OpenTelemetry's GenAI names.
 *
 * No label grows without bound: providers and models are those of the configuration, other models that
 * a price list knows are counted by name up to `metricModelsMax` and as `other` beyond it.
 */
import { DurationHistogram } from '@tollgate/adapters/metrics/duration-histogram.ts';
import { type Family, labelsOf, type Sample, single } from '@tollgate/adapters/metrics/families.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { type QuantityName, quantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageStatus } from '@tollgate/domain/usage/usage-event.ts';
import { BoundedCounts } from './bounded-counts.ts';
import { type RateGauges, rateFamilies } from './rate-families.ts';

export type MetricsLimits = { metricModelsMax: number; metricCodesMax: number };

export type Gauges = {
  callsInFlight: number;
  outboxRecords: number;
  ledgerAgeSeconds: number;
  /** Lines that the access log has written, and those that had no room. */
  accessLines: { written: number; dropped: number };
  /** Of traces: those that the collector has, and those that it never will. */
  spans: { sent: number; dropped: number };
  /** Of calls of keys that opted in. */
  payloads: { stored: number; dropped: number };
  rates: RateGauges;
  /** Windows of end users in memory. */
  endUserWindows: number;
};

/** Where an attempt went: a deployment. */
type Place = { provider: { name: string }; model: string };

const OTHER = 'other';
const PICO_PER_USD = 1e12;
/** As on the event, with the name of each that a label gives it; of what few calls have, no zeros. */
const TOKENS = quantities.flatMap((quantity): [QuantityName, string, boolean][] => {
  const { name, unit } = quantity;
  return unit === 'tokens' ? [[name, name.replace(/_tokens$/, ''), 'addedLater' in quantity]] : [];
});

/** What this gateway adds to an attempt, seconds: most take less than one millisecond. */
const OVERHEAD_BOUNDS_S: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
];

/** What is counted of one model at one provider. */
class ModelSeries {
  readonly labels: string;
  readonly attempts = new Map<UsageStatus, number>();
  readonly tokens = TOKENS.map(() => 0);
  readonly durations = new DurationHistogram();
  readonly firstTokens = new DurationHistogram();
  costPicoUsd = 0n;
  overruns = 0;
  unstatedUsage = 0;

  constructor(provider: string, model: string) {
    this.labels = labelsOf({ provider, model });
  }
}

/** What is counted of one provider. */
class ProviderSeries {
  readonly models = new Map<string, ModelSeries>();
  readonly labels: string;
  readonly statuses: BoundedCounts<number | null>;
  readonly errors: BoundedCounts<string>;

  constructor(name: string, codesMax: number) {
    this.labels = labelsOf({ provider: name });
    this.statuses = new BoundedCounts(codesMax);
    this.errors = new BoundedCounts(codesMax);
  }
}

export class ProxyMetrics {
  readonly #limits: MetricsLimits;
  readonly #providers = new Map<string, ProviderSeries>();
  readonly #refusals: BoundedCounts<string>;
  readonly #overheads = new DurationHistogram(OVERHEAD_BOUNDS_S);
  readonly #claims: BoundedCounts<string>;
  /** By guardrail and stage, which the configuration bounds. */
  readonly #verdicts = new Map<string, BoundedCounts<string>>();
  /** Models that were given a series by name. */
  #models = 0;

  /** @param configured have a series of their own, whatever else is called first */
  constructor(limits: MetricsLimits, configured: Iterable<Place> = []) {
    this.#limits = limits;
    this.#refusals = new BoundedCounts(limits.metricCodesMax);
    this.#claims = new BoundedCounts(limits.metricCodesMax);
    for (const place of configured) this.#seriesOf(this.#provider(place.provider.name), place);
  }

  /** @param settlement its cost in pico-dollars, and how many leases were overrun */
  settled(
    place: Place,
    event: AttemptOutcome,
    settlement: { cost: bigint | null; overruns: readonly unknown[] },
  ): void {
    const provider = this.#provider(place.provider.name);
    const series = provider.models.get(place.model) ?? this.#seriesOf(provider, place);
    series.attempts.set(event.status, (series.attempts.get(event.status) ?? 0) + 1);
    for (let i = 0; i < TOKENS.length; i++) {
      const [name] = TOKENS[i] as [QuantityName, string, boolean];
      series.tokens[i] = (series.tokens[i] as number) + (event[name] ?? 0);
    }
    if (settlement.cost !== null) series.costPicoUsd += settlement.cost;
    series.overruns += settlement.overruns.length;
    if (event.cost === null || event.usage_source === 'estimated') series.unstatedUsage++;
    series.durations.observe((event.latency_ms ?? 0) / 1000);
    if (event.ttft_ms !== null) series.firstTokens.observe(event.ttft_ms / 1000);
    if (event.overhead_us !== null) this.#overheads.observe(event.overhead_us / 1e6);
    provider.statuses.add(event.http_status);
    if (event.error_type !== null) provider.errors.add(event.error_type);
  }

  /** Of a call that states an `Idempotency-Key`. */
  claimed(kind: string): void {
    this.#claims.add(kind);
  }

  /** Of a guardrail's webhook. @param verdict `allow`, `deny`, or why there is none */
  judged(guardrail: string, stage: string, verdict: string): void {
    const labels = labelsOf({ guardrail, stage });
    let verdicts = this.#verdicts.get(labels);
    if (verdicts === undefined) {
      verdicts = new BoundedCounts(this.#limits.metricCodesMax);
      this.#verdicts.set(labels, verdicts);
    }
    verdicts.add(verdict);
  }

  refused(code: string): void {
    this.#refusals.add(code);
  }

  /** @param isIll whether a provider of this name only failed lately */
  families(gauges: Gauges, isIll: (provider: string) => boolean): Family[] {
    return [
      ...this.#ofModels(),
      ...this.#ofProviders(isIll),
      {
        name: 'tollgate_refusals_total',
        type: 'counter',
        help: 'Calls that were refused before they were sent, by code of the error.',
        samples: this.#refusals.samples('', 'code'),
      },
      {
        name: 'tollgate_overhead_seconds',
        type: 'histogram',
        help: 'What the gateway added to an attempt, before it was sent and behind its end, in seconds.',
        samples: this.#overheads.samples(''),
      },
      {
        name: 'tollgate_idempotency_claims_total',
        type: 'counter',
        help: 'Calls that stated an Idempotency-Key, by what was known of it.',
        samples: this.#claims.samples('', 'outcome'),
      },
      {
        name: 'tollgate_guardrail_verdicts_total',
        type: 'counter',
        help: 'What webhooks of guardrails said: allow, deny, or why they said nothing.',
        samples: [...this.#verdicts].flatMap(([labels, verdicts]) =>
          verdicts.samples(labels, 'verdict'),
        ),
      },
      ...gaugeFamilies(gauges),
      ...rateFamilies(gauges.rates),
    ];
  }

  #provider(name: string): ProviderSeries {
    let provider = this.#providers.get(name);
    if (provider === undefined) {
      provider = new ProviderSeries(name, this.#limits.metricCodesMax);
      this.#providers.set(name, provider);
    }
    return provider;
  }

  #seriesOf(provider: ProviderSeries, place: Place): ModelSeries {
    const known = provider.models.get(place.model);
    if (known !== undefined) return known;
    // seam: models-of-labels-are-bounded
    const isByName = this.#models < this.#limits.metricModelsMax;
    const model = isByName ? place.model : OTHER;
    let series = provider.models.get(model);
    if (series === undefined) {
      series = new ModelSeries(place.provider.name, model);
      provider.models.set(model, series);
      if (isByName) this.#models++;
    }
    return series;
  }

  #ofModels(): Family[] {
    const all = [...this.#providers.values()].flatMap(({ models }) => [...models.values()]);
    const each = (samples: (series: ModelSeries) => Sample[]) => all.flatMap(samples);
    const value = (read: (series: ModelSeries) => number) =>
      each((series) => [['', series.labels, read(series)]]);
    const counter = (name: string, help: string, samples: Sample[]): Family => ({
      ...{ name, type: 'counter', help, samples },
    });
    const histogram = (name: string, help: string, samples: Sample[]): Family => ({
      ...{ name, type: 'histogram', help, samples },
    });
    return [
      counter(
        'tollgate_attempts_total',
        'Requests to providers that have ended, by the status of their usage event.',
        each(({ attempts, labels }) =>
          [...attempts].map(([status, n]) => ['', `${labels},${labelsOf({ status })}`, n]),
        ),
      ),
      counter(
        'gen_ai_client_token_usage_total',
        'Tokens that are known to be used, by kind; each token is of one kind.',
        each(({ tokens, labels }) =>
          TOKENS.flatMap(([, kind, isRare], i): Sample[] => {
            const count = tokens[i] as number;
            if (isRare && count === 0) return [];
            return [['', `${labels},${labelsOf({ gen_ai_token_type: kind })}`, count]];
          }),
        ),
      ),
      counter(
        'tollgate_cost_usd_total',
        'Known cost of attempts, in US dollars. The bill is in the warehouse: this is for alarms.',
        value(({ costPicoUsd }) => Number(costPicoUsd) / PICO_PER_USD),
      ),
      histogram(
        'gen_ai_client_operation_duration_seconds',
        'From the sending of a request to the end of its answer, in seconds.',
        each(({ durations, labels }) => durations.samples(labels)),
      ),
      histogram(
        'gen_ai_server_time_to_first_token_seconds',
        'From the sending of a request to the first token of a stream, in seconds.',
        each(({ firstTokens, labels }) => firstTokens.samples(labels)),
      ),
      counter(
        'tollgate_overruns_total',
        'Leases that a provider billed beyond the bound that was held.',
        value(({ overruns }) => overruns),
      ),
      counter(
        'tollgate_unstated_usage_total',
        'Attempts whose usage no provider stated: the cost is unknown, or an estimate.',
        value(({ unstatedUsage }) => unstatedUsage),
      ),
    ];
  }

  #ofProviders(isIll: (provider: string) => boolean): Family[] {
    const all = [...this.#providers];
    return [
      {
        name: 'tollgate_upstream_responses_total',
        type: 'counter',
        help: 'Attempts by the HTTP status of the provider; none: no answer came.',
        samples: all.flatMap(([, { labels, statuses }]) => statuses.samples(labels, 'http_status')),
      },
      {
        name: 'tollgate_upstream_errors_total',
        type: 'counter',
        help: 'Attempts with an error_type on their event: what failed, or why usage is unknown.',
        samples: all.flatMap(([, { labels, errors }]) => errors.samples(labels, 'error_type')),
      },
      {
        name: 'tollgate_provider_ill',
        type: 'gauge',
        help: '1 while a provider has only failed lately, as /readyz says it, else 0.',
        samples: all.map(([name, { labels }]): Sample => ['', labels, isIll(name) ? 1 : 0]),
      },
    ];
  }
}

function gaugeFamilies({
  callsInFlight,
  outboxRecords,
  ledgerAgeSeconds,
  accessLines,
  spans,
  payloads,
  endUserWindows,
}: Gauges): Family[] {
  return [
    single('tollgate_calls_in_flight', 'gauge', 'Calls that run now.', callsInFlight),
    single(
      'tollgate_outbox_records',
      'gauge',
      'Records in the journal that the log does not have yet.',
      outboxRecords,
    ),
    single(
      'tollgate_ledger_age_seconds',
      'gauge',
      'Since the view of the ledger was known to be complete, in seconds.',
      ledgerAgeSeconds,
    ),
    single(
      'tollgate_end_user_windows',
      'gauge',
      'Budget windows of end users that this process has in memory.',
      endUserWindows,
    ),
    single(
      'tollgate_access_log_lines_total',
      'counter',
      'Lines that the access log has written.',
      accessLines.written,
    ),
    single(
      'tollgate_access_log_dropped_total',
      'counter',
      'Lines that the access log had no room for, because they could not be written fast enough.',
      accessLines.dropped,
    ),
    single(
      'tollgate_trace_spans_total',
      'counter',
      'Spans of calls and attempts that the collector of traces has.',
      spans.sent,
    ),
    single(
      'tollgate_trace_spans_dropped_total',
      'counter',
      'Spans that no collector has: there was no room for them, or they could not be sent.',
      spans.dropped,
    ),
    single(
      'tollgate_payloads_total',
      'counter',
      'Calls whose payloads are stored, of keys that opted in.',
      payloads.stored,
    ),
    single(
      'tollgate_payloads_dropped_total',
      'counter',
      'Calls whose payloads are lost: there was no room for them, or they could not be written.',
      payloads.dropped,
    ),
  ];
}
