/** A planted bug: edits at seams of the product, and the test that must go red for them. */
import type { Edit, SeamEdit } from '../seams/seam.ts';

export type Plant = {
  /** The mistake, in words: also its id on the command line. */
  bug: string;
  /** The mistake as somebody would make it. */
  edits: readonly SeamEdit[];
  /** The test that notices. */
  test: { file: string; name: string };
};

export function at(seam: string, edit: Edit): SeamEdit[] {
  return [{ seam, edit }];
}
