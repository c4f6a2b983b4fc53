/**
 * Zstandard for kafkajs, which has only gzip built in. It uses Node's own zlib, so no native
 * package is needed.
 *
 * Level 1, synchronous, was the fastest variant measured (`npm run bench -- kafka-log`; one broker,
 * 1 KB usage events, 4 shippers, 2 shared cores): 125k records/s, against 57k/s uncompressed, 58k/s
 * with gzip and 76k/s with the asynchronous zstd, whose way through the thread pool costs more than
 * the work; reading back: 343k, 372k, 194k and 204k records/s. A batch is at most one send (1 MiB),
 * some milliseconds of the event loop.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';

/** Largest batch that is read: far above our sends, far below what a forged frame could claim. */
const BATCH_BYTES_MAX = 64 * 1024 * 1024;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** kafkajs keeps its codecs per process; repeating this changes nothing. */
export function useZstd(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer, FAST),
    decompress: async (batch: Buffer) =>
      zstdDecompressSync(batch, { maxOutputLength: BATCH_BYTES_MAX }),
  });
}
