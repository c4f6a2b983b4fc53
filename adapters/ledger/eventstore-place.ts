/** A position in EventStoreDB's $all, and the text that the port shows of it. */

export type Place = { commit: bigint; prepare: bigint };

export function placeText({ commit, prepare }: Place): string {
  return `${commit}/${prepare}`;
}

/** @throws Error if the text is not one of `placeText` */
export function parsePlace(text: string): Place {
  const [, commit, prepare] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (commit === undefined || prepare === undefined) {
    throw new Error(`not a position of this ledger: ${JSON.stringify(text)}`);
  }
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

/** In the order of the log; null is before everything. */
export function isAfter(a: Place, b: Place | null): boolean {
  if (b === null) return true;
  return a.commit === b.commit ? a.prepare > b.prepare : a.commit > b.commit;
}
