/** How an end user is named where many read along: ledger streams, counters of rate limits. */
import { sha256Hex } from './sha256.ts';

/** 128 bits: of 10^12 end users, no two have the same one but for a chance of 10^-15. */
const HEX_DIGITS = 32;

/** @param endUser null: calls that name nobody share one */
export function endUserDigest(endUser: string | null): string {
  return sha256Hex(endUser ?? '').slice(0, HEX_DIGITS);
}
