/**
 * Texts as the numbers that models of the BERT family read: words in lower case, cut into the longest
 * pieces that the model's vocabulary has (`vocab.txt`, one piece a line; Devlin et al. 2018, uncased).
 */

const UNKNOWN = '[UNK]';
const FIRST = '[CLS]';
const LAST = '[SEP]';
/** A longer word is unknown. Characters. */
const WORD_LENGTH_MAX = 100;
/** Words, and each mark by itself. */
const WORDS = /[\p{P}\p{S}]|[^\s\p{P}\p{S}]+/gu;
const ACCENTS = /\p{Mn}/gu;

export class WordPieces {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #unknown: number;
  readonly #first: number;
  readonly #last: number;

  /** @throws Error if it is no such vocabulary */
  constructor(vocabulary: string) {
    const pieces = vocabulary.split('\n').map((line) => line.replace(/\r$/, ''));
    this.#ids = new Map(pieces.map((piece, id) => [piece, id]));
    const idOf = (piece: string): number => {
      const id = this.#ids.get(piece);
      if (id === undefined) throw new Error(`the vocabulary has no ${piece}: it is no vocab.txt`);
      return id;
    };
    this.#unknown = idOf(UNKNOWN);
    this.#first = idOf(FIRST);
    this.#last = idOf(LAST);
  }

  /** The whole text: what a model is not shown it cannot tell apart, so nothing is cut off here. */
  idsOf(text: string): number[] {
    const plain = text.toLowerCase().normalize('NFD').replace(ACCENTS, '');
    const ids = [this.#first];
    for (const word of plain.match(WORDS) ?? []) ids.push(...this.#idsOfWord(word));
    ids.push(this.#last);
    return ids;
  }

  #idsOfWord(word: string): number[] {
    if (word.length > WORD_LENGTH_MAX) return [this.#unknown];
    const ids: number[] = [];
    for (let from = 0; from < word.length; ) {
      const found = this.#longest(word, from);
      if (found === null) return [this.#unknown];
      ids.push(found.id);
      from = found.end;
    }
    return ids;
  }

  #longest(word: string, from: number): { id: number; end: number } | null {
    for (let end = word.length; end > from; end--) {
      const piece = from === 0 ? word.slice(0, end) : `##${word.slice(from, end)}`;
      const id = this.#ids.get(piece);
      if (id !== undefined) return { id, end };
    }
    return null;
  }
}
