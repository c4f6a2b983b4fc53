/** Everything that edits the product at its seams. */
import { FENCE, pointEdits, points } from '../chaos/points.ts';
import { plants } from '../planted/plants.ts';
import type { SeamUse } from './seam-rules.ts';

export const seamUses: readonly SeamUse[] = [
  ...plants.map(({ bug, edits }) => ({
    user: `the planted bug "${bug}"`,
    path: 'tests/planted/plants.ts',
    edits,
  })),
  ...[...points, FENCE].map(({ name, what }, index) => ({
    user: `the fault point ${name} (${what})`,
    path: 'tests/chaos/points.ts',
    edits: pointEdits.slice(index, index + 1),
  })),
];
