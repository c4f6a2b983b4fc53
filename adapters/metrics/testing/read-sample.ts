/** Reads what was measured, for tests. */
import type { Family } from '../families.ts';

/** @param sample as in the text: `name{labels}`, or the name alone; undefined if there is none */
export function readSample(families: readonly Family[], sample: string): number | undefined {
  return readSamples(families).get(sample);
}

/** By what identifies them in the text. */
export function readSamples(families: readonly Family[]): Map<string, number> {
  return new Map(
    families.flatMap(({ name, samples }) =>
      samples.map(([suffix, labels, value]) => [
        `${name}${suffix}${labels === '' ? '' : `{${labels}}`}`,
        value,
      ]),
    ),
  );
}
