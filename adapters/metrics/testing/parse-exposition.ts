/**
 * A strict reader of Prometheus' text format 0.0.4, for tests: what a scraper or `promtool check
 * metrics` would refuse or warn of is an error here.
 */

export type ReadFamily = {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  samples: ReadSample[];
};
export type ReadSample = { name: string; labels: Record<string, string>; value: number };

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|Inf)|NaN)$/;
const SUFFIXES = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] };

/** @throws Error naming the line that is wrong */
export function parseExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ReadFamily>();
  const seen = new Set<string>();
  let help: [name: string, text: string] | undefined;
  let current: [name: string, family: ReadFamily] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = COMMENT.exec(line);
    if (comment?.[1] === 'HELP') {
      help = [comment[2] as string, comment[3] as string];
    } else if (comment?.[1] === 'TYPE') {
      const name = comment[2] as string;
      const type = comment[3] as ReadFamily['type'];
      if (help?.[0] !== name) throw new Error(`no HELP before: ${line}`);
      if (families.has(name)) throw new Error(`a second group: ${line}`);
      if (SUFFIXES[type] === undefined) throw new Error(`unknown type: ${line}`);
      if (name.endsWith('_total') !== (type === 'counter')) {
        throw new Error(`counters, and nothing else, end in _total: ${line}`);
      }
      const family: ReadFamily = { type, help: help[1], samples: [] };
      families.set(name, family);
      current = [name, family];
    } else {
      const sample = readSample(line);
      if (current === undefined) throw new Error(`a sample without TYPE: ${line}`);
      const [name, { type, samples }] = current;
      if (!SUFFIXES[type].some((suffix) => sample.name === name + suffix)) {
        throw new Error(`not of ${name}: ${line}`);
      }
      if (type !== 'gauge' && !(sample.value >= 0)) throw new Error(`below zero: ${line}`);
      const id = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(id)) throw new Error(`a second time: ${line}`);
      seen.add(id);
      samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') check(name, family);
  return families;
}

function readSample(line: string): ReadSample {
  const [, name = '', text = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === '' || !VALUE.test(value)) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, label, quoted, next] = LABEL.exec(text) ?? [];
    if (label === undefined || quoted === undefined || Object.hasOwn(labels, label)) {
      throw new Error(`wrong labels: ${line}`);
    }
    if (next === ',' && LABEL.lastIndex === text.length) throw new Error(`wrong labels: ${line}`);
    labels[label] = quoted.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

/** Buckets come in order and add up; the last one is all. */
function check(name: string, { samples }: ReadFamily): void {
  const groups = new Map<string, ReadSample[]>();
  for (const sample of samples) {
    const { le: _le, ...labels } = sample.labels;
    const group = JSON.stringify(Object.entries(labels).sort());
    groups.set(group, [...(groups.get(group) ?? []), sample]);
  }
  for (const [group, ofGroup] of groups) {
    const buckets = ofGroup.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const rises = (values: number[]) =>
      values.every((v, i) => i === 0 || v >= (values[i - 1] ?? v));
    const one = (suffix: string) => ofGroup.find((sample) => sample.name === name + suffix)?.value;
    if (!rises(bounds) || !rises(counts)) throw new Error(`${name}${group}: buckets in disorder`);
    if (
      bounds.at(-1) !== Infinity ||
      counts.at(-1) !== one('_count') ||
      one('_sum') === undefined
    ) {
      throw new Error(`${name}${group}: a histogram that is not whole`);
    }
  }
}

/** Sum of the samples of a name that have these labels. */
export function sumOf(
  families: ReadonlyMap<string, ReadFamily>,
  family: string,
  labels: Readonly<Record<string, string>> = {},
  name = family,
): number {
  const wanted = Object.entries(labels);
  return (families.get(family)?.samples ?? [])
    .filter((sample) => sample.name === name)
    .filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
