/**
 * Series of numbers without a gap and without a duplicate: a number is the place of its event in the
 * stream of the series, so it makes no difference how many processes append.
 */
import { StreamTail } from '@tollgate/adapters/ledger/append-once.ts';
import type { Ledger, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { exactInteger } from '@tollgate/domain/period/exact-integer.ts';

/**
 * @param given named after what gets the number: once, however often it is asked for
 * @param from the end that the series had before anybody could ask
 * @returns the number's place in its series, from 1
 */
export async function takeNumber(
  ledger: Ledger,
  stream: string,
  given: NewLedgerEvent,
  from: bigint,
): Promise<number> {
  const { revision } = await new StreamTail(ledger, stream, from).appendOnce(given);
  // seam: number-is-the-place
  return exactInteger(revision + 1n, 'a number');
}

/**
 * The revision that the next number gets, in some 2·log₂ reads of one event: a series has as many
 * events as documents.
 */
export async function endOfSeries(ledger: Ledger, stream: string): Promise<bigint> {
  const isThere = async (revision: bigint) =>
    (await ledger.read(stream, { fromRevision: revision, limit: 1 })).length > 0;
  let beyond = 1n;
  while (await isThere(beyond - 1n)) beyond *= 2n;
  // The end is in [low, beyond - 1]: revision low - 1 is there, and beyond - 1 is not.
  let low = beyond / 2n;
  let high = beyond - 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    if (await isThere(middle)) low = middle + 1n;
    else high = middle;
  }
  return low;
}
