/** Edits the product's source at its seams in what vitest itself loads. */
import type { Plugin } from 'vitest/config';
import { edited, editsOfThisProcess } from './loading.ts';

export function seamPlugin(): Plugin {
  const byPath = editsOfThisProcess();
  return {
    name: 'tollgate-seams',
    // Before the types are taken out: seams are comments, and edits are of the source.
    enforce: 'pre',
    transform(code, id) {
      const edits = byPath[id];
      return edits === undefined ? null : edited(id, code, edits);
    },
  };
}
