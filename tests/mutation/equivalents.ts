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
  const line = sourceLine(text, mutant);
  const found = equivalents.find(
    (one) =>
      one.file === mutant.file &&
      one.line === line &&
      one.original === mutant.original &&
      one.replacement === mutant.replacement,
  );
  return found?.reason ?? null;
}
