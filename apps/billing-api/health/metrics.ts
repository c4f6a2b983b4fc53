/** What the API counts about itself, as Prometheus text. No label holds a value from a client. */

const BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10];

type Histogram = { counts: number[]; sum: number; count: number };

export class ApiMetrics {
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Histogram>();

  observe(route: { method: string; path: string }, status: number, seconds: number): void {
    const labels = `method="${route.method}",route="${route.path}"`;
    const byStatus = `${labels},status="${status}"`;
    this.#requests.set(byStatus, (this.#requests.get(byStatus) ?? 0) + 1);
    const histogram = this.#durations.get(labels) ?? {
      counts: BUCKETS_SECONDS.map(() => 0),
      sum: 0,
      count: 0,
    };
    BUCKETS_SECONDS.forEach((bound, i) => {
      if (seconds <= bound) histogram.counts[i] = (histogram.counts[i] ?? 0) + 1;
    });
    histogram.sum += seconds;
    histogram.count += 1;
    this.#durations.set(labels, histogram);
  }

  /** @param gauges name → value, as of now */
  text(gauges: Record<string, number>): string {
    const lines = ['# TYPE tollgate_api_requests_total counter'];
    for (const [labels, count] of this.#requests) {
      lines.push(`tollgate_api_requests_total{${labels}} ${count}`);
    }
    lines.push('# TYPE tollgate_api_request_duration_seconds histogram');
    for (const [labels, { counts, sum, count }] of this.#durations) {
      BUCKETS_SECONDS.forEach((bound, i) => {
        lines.push(
          `tollgate_api_request_duration_seconds_bucket{${labels},le="${bound}"} ${counts[i]}`,
        );
      });
      lines.push(`tollgate_api_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`tollgate_api_request_duration_seconds_sum{${labels}} ${sum}`);
      lines.push(`tollgate_api_request_duration_seconds_count{${labels}} ${count}`);
    }
    for (const [name, value] of Object.entries(gauges)) {
      lines.push(`# TYPE ${name} gauge`, `${name} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
