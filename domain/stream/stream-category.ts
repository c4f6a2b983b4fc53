/**
 * Names of ledger streams: `<category>-<id>` (ADR 0001). Each category is declared next to the
 * events that its streams hold; no other place spells a prefix.
 */

export type StreamCategory = {
  /** The start of the name of every stream of the category, and of no other stream. */
  readonly prefix: string;
  /** The stream of the object with this id. */
  of(id: string): string;
  /** @throws Error if the stream is of another category */
  idOf(stream: string): string;
};

/** @param name lower case, without a hyphen: the first hyphen of a stream's name ends it */
export function streamCategory(name: string): StreamCategory {
  const prefix = `${name}-`;
  return {
    prefix,
    of: (id) => prefix + id,
    idOf(stream) {
      if (!stream.startsWith(prefix)) throw new Error(`${stream} is not a stream of ${name}`);
      return stream.slice(prefix.length);
    },
  };
}
