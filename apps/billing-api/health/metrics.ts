/** What the API counts about itself. No label holds a value from a client. */
import { DurationHistogram } from '@tollgate/adapters/metrics/duration-histogram.ts';
import { type Family, labelsOf } from '@tollgate/adapters/metrics/families.ts';

/** Upper bounds, seconds: most answers take a few ms, a report or a closing run seconds. */
const BOUNDS_S = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600];

type Route = { labels: string; byStatus: Map<number, number>; durations: DurationHistogram };

export class ApiMetrics {
  readonly #routes = new Map<string, Route>();

  /** @param route as it is declared; its path is `unknown` where nothing is served */
  observe(route: { method: string; path: string }, status: number, seconds: number): void {
    const name = `${route.method} ${route.path}`;
    let seen = this.#routes.get(name);
    if (seen === undefined) {
      const labels = labelsOf({ method: route.method, route: route.path });
      seen = { labels, byStatus: new Map(), durations: new DurationHistogram(BOUNDS_S) };
      this.#routes.set(name, seen);
    }
    seen.byStatus.set(status, (seen.byStatus.get(status) ?? 0) + 1);
    seen.durations.observe(seconds);
  }

  families(): Family[] {
    const routes = [...this.#routes.values()];
    return [
      {
        name: 'tollgate_api_requests_total',
        type: 'counter',
        help: 'Requests to the billing API that were answered.',
        samples: routes.flatMap(({ labels, byStatus }) =>
          [...byStatus].map(([status, count]): Family['samples'][number] => {
            return ['', `${labels},${labelsOf({ status: String(status) })}`, count];
          }),
        ),
      },
      {
        name: 'tollgate_api_request_duration_seconds',
        type: 'histogram',
        help: 'How long answers of the billing API took, in seconds.',
        samples: routes.flatMap(({ labels, durations }) => durations.samples(labels)),
      },
    ];
  }
}
