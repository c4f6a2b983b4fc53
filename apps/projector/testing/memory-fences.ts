/** The streams of the ledger that count the epochs of the fence, in memory. */
import type { ExpectedRevision, Ledger } from '@tollgate/adapters/ledger/ledger.ts';

export class MemoryFences {
  /** What was appended: the stream, the revision that was expected, and the event's type and data. */
  readonly appended: [string, ExpectedRevision, string][] = [];
  readonly #lengths: Record<string, number>;

  /** @param lengths how many events streams have already */
  constructor(lengths: Record<string, number> = {}) {
    this.#lengths = { ...lengths };
  }

  append: Ledger['append'] = async (stream, expected, [event]) => {
    if (expected !== 'no_stream' && typeof expected !== 'bigint')
      throw new TypeError('no revision');
    const length = this.#lengths[stream] ?? 0;
    const actual = length === 0 ? 'no_stream' : BigInt(length - 1);
    if (expected !== actual) return { ok: false, actual };
    this.#lengths[stream] = length + 1;
    this.appended.push([stream, expected, JSON.stringify([event?.type, event?.data])]);
    return { ok: true, revision: BigInt(length), position: '' };
  };
}
