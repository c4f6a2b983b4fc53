/** A document has characters that the fonts of the PDF cannot print. */
export class NotPrintable extends Error {
  readonly characters: string[];

  constructor(characters: readonly string[]) {
    super(`no glyphs for ${characters.join(' ')}`);
    this.characters = [...characters];
  }
}
