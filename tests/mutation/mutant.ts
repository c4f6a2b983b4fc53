/** A mutant: one small mistake in one place of a source file. */

/** What is put in the place of a range of the source. */
export type Mutation = {
  /** The kind of mistake, as in `boundary` or `statement dropped`. */
  operator: string;
  start: number;
  end: number;
  replacement: string;
};

export type Mutant = Mutation & {
  /** Unique in a run; the same as long as the sources are the same. */
  id: number;
  /** Relative to the repository's root. */
  file: string;
  line: number;
  original: string;
};

/** The line of source that a mutant is in, without its indentation: part of its name across edits. */
export function sourceLine(text: string, { line }: Pick<Mutant, 'line'>): string {
  return (text.split('\n')[line - 1] ?? '').trim();
}

/** The source with the mistake, as text. */
export function mutatedText(text: string, { start, end, replacement }: Mutation): string {
  const put = replacement === ';' ? replacement : `(${replacement})`;
  return text.slice(0, start) + put + text.slice(end);
}
