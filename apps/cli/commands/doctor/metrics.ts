/** Prometheus' text format, as far as our own processes write it. Pure. */
export type MetricSample = { labels: Readonly<Record<string, string>>; value: number };
export type Metrics = ReadonlyMap<string, readonly MetricSample[]>;

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
/** Of one scrape, bytes: more is no answer of ours. */
const LENGTH_MAX = 16 * 1024 * 1024;

export function readMetrics(text: string): Metrics {
  const found = new Map<string, MetricSample[]>();
  for (const line of text.slice(0, LENGTH_MAX).split('\n')) {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const samples = found.get(name) ?? [];
    if (samples.length === 0) found.set(name, samples);
    const pairs = [...labels.matchAll(LABEL)].map(([, key, text]) => [key, text] as const);
    samples.push({ labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return found;
}
