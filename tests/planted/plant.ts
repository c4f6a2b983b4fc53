/**
 * A planted bug: one edit of the product's source while it is loaded, by a text that stands there
 * exactly once, and the test that must go red for it. Nothing of the files on disk changes.
 */

export type Plant = {
  /** The mistake, in words: also its id on the command line. */
  bug: string;
  /** Below the repository's root. */
  file: string;
  /** Text that stands there once. */
  anchor: string;
  /** What stands there instead: the mistake as somebody would make it. */
  mistake: string;
  /** The test that notices. */
  test: { file: string; name: string };
};

/** Name of the environment variable with the bug to plant. */
export const PLANT_VARIABLE = 'TOLLGATE_PLANT';
/** Name of the variable with the file that is written when the bug was planted. */
export const PLANTED_VARIABLE = 'TOLLGATE_PLANTED_FILE';

/** @throws Error if the anchor does not stand exactly once in the source */
export function plantInto(source: string, { bug, anchor, mistake, file }: Plant): string {
  const [before, after, ...more] = source.split(anchor);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`"${bug}": its anchor does not stand exactly once in ${file}`);
  }
  return before + mistake + after;
}
