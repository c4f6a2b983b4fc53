/** Mutants that no test can notice, each with the reason: `equivalent.json`. */
import { readFileSync } from 'node:fs';
import { type Mutant, sourceLine } from './mutant.ts';

/** Named by text, not by line number, so that the name survives edits elsewhere in the file. */
type Equivalent = {
  file: string;
  /** The line of source, without its indentation. */
  line: string;
  original: string;
  replacement: string;
  reason: string;
};
export type Equivalents = readonly Equivalent[];

export function readEquivalents(): Equivalents {
  const url = new URL('./equivalent.json', import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Equivalents;
}

/** @returns why nothing can tell it from the sound source; null if something should */
export function equivalentOf(
  equivalents: Equivalents,
  mutant: Mutant,
  text: string,
): string | null {
  return equivalents.find((one) => isNamedBy(one, mutant, text))?.reason ?? null;
}

function isNamedBy(one: Equivalent, mutant: Mutant, text: string): boolean {
  return (
    one.file === mutant.file &&
    one.line === sourceLine(text, mutant) &&
    one.original === mutant.original &&
    one.replacement === mutant.replacement
  );
}

/**
 * Entries that are not true any more. Of two mutants with one name, one may be noticed.
 *
 * @param isKilled true for mutants that a test noticed
 */
export function untrueEntries(
  equivalents: Equivalents,
  mutants: readonly Mutant[],
  texts: ReadonlyMap<string, string>,
  isKilled: (mutant: Mutant) => boolean,
): string[] {
  return equivalents
    .filter(({ file }) => texts.has(file))
    .flatMap((one) => {
      const named = mutants.filter((mutant) =>
        isNamedBy(one, mutant, texts.get(mutant.file) ?? ''),
      );
      const name = `equivalent.json, ${one.file}: ${one.original} → ${one.replacement}`;
      if (named.length === 0) return [`${name}: there is no such mutant`];
      return named.every(isKilled) ? [`${name}: a test notices it`] : [];
    });
}
