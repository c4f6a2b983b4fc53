/** Unpacks compressed bytes within a bound: a few kilobytes may be made to grow to gigabytes. */
import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  constants as zlib,
  zstdDecompressSync,
} from 'node:zlib';
import type { Packing } from '@tollgate/adapters/http/content-coding.ts';

/**
 * What the bytes unpack to, as far as they go: they may break off. Null: they are not packed so, or
 * grow beyond the bound.
 */
export function unpack(packing: Packing, bytes: Buffer, bytesMax: number): Buffer | null {
  try {
    return unpackers[packing](bytes, bytesMax);
  } catch {
    // What they say cannot be known.
    return null;
  }
}

const unpackers: Record<Packing, (bytes: Buffer, maxOutputLength: number) => Buffer> = {
  gzip: (bytes, maxOutputLength) =>
    gunzipSync(bytes, { maxOutputLength, finishFlush: zlib.Z_SYNC_FLUSH }),
  deflate(bytes, maxOutputLength) {
    const options = { maxOutputLength, finishFlush: zlib.Z_SYNC_FLUSH };
    // RFC 9110 §8.4.1.2: some send it without its wrapper, whose first byte says so.
    const isWrapped = ((bytes[0] ?? 0) & 0x0f) === 8;
    return isWrapped ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
  },
  br: (bytes, maxOutputLength) =>
    brotliDecompressSync(bytes, { maxOutputLength, finishFlush: zlib.BROTLI_OPERATION_FLUSH }),
  zstd: (bytes, maxOutputLength) =>
    zstdDecompressSync(bytes, { maxOutputLength, finishFlush: zlib.ZSTD_e_flush }),
};
