/**
 * What is measured, as values, and Prometheus' text of it (exposition format 0.0.4). Families of
 * several processes become one text: every sample has a label `process`, so that a series is always of
 * one of them, whichever process is asked.
 */

export type Sample = [
  /** What follows the name of the family, such as `_bucket`. */
  suffix: string,
  /** As in the text, without braces. */
  labels: string,
  value: number,
];

export type Family = {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  samples: Sample[];
};

/** What one process measured. */
export type Measured = { process: string; families: readonly Family[] };

export const METRICS_TYPE = 'text/plain; version=0.0.4';

/** A family with one value. */
export function single(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: number,
): Family {
  return { name, help, type, samples: [['', '', value]] };
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

/** Names and values in turn, as they are in the text. */
export function labelsOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll(/[\\"\n]/g, (c) => ESCAPES[c] ?? c)}"`)
    .join(',');
}

/** Families of one name follow each other, of all processes: the format demands it. */
export function metricsText(measured: readonly Measured[]): string {
  const groups = new Map<string, string[]>();
  for (const { process, families } of measured) {
    const own = labelsOf({ process });
    for (const { name, help, type, samples } of families) {
      let lines = groups.get(name);
      if (lines === undefined) {
        lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
        groups.set(name, lines);
      }
      for (const [suffix, labels, value] of samples) {
        const all = labels === '' ? own : `${own},${labels}`;
        lines.push(`${name}${suffix}{${all}} ${numberText(value)}`);
      }
    }
  }
  return [...groups.values()].map((lines) => `${lines.join('\n')}\n`).join('');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
