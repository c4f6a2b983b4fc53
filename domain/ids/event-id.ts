/**
 * Ids of ledger events are derived from the command, so that a retry is the same append (ADR 0001).
 */

/**
 * A UUIDv8 (RFC 9562 §5.8) from a hash.
 *
 * @param hash at least 16 bytes: SHA-256 of `<stream>|<event type>|<what the command is about>`
 */
export function uuidFromHash(hash: Uint8Array): string {
  let hex = '';
  for (let i = 0; i < 16; i++) {
    let byte = hash[i] as number;
    if (i === 6) byte = (byte & 0x0f) | 0x80;
    if (i === 8) byte = (byte & 0x3f) | 0x80;
    hex += byte.toString(16).padStart(2, '0');
  }
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join('-')}-${hex.slice(20)}`;
}
