/**
 * Compressed bodies (RFC 9110 §8.4): how they are named, and how those of requests are unpacked as they
 * come, within a bound: 6 kB of zstd unpack to 200 MB (mlflow/mlflow#24784).
 */
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  constants as zlib,
} from 'node:zlib';

export type Packing = 'gzip' | 'deflate' | 'br' | 'zstd';

const PACKINGS: ReadonlyMap<string, Packing> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);

/** What an answer of 415 says in `accept-encoding` (RFC 9110 §12.5.3). */
export const ACCEPTED_PACKINGS = 'gzip, deflate, br, zstd';

/** How a body is packed by its header; null: it is not. `unknown`: in a way that nobody here can undo. */
export function namedPacking(contentEncoding: unknown): Packing | 'unknown' | null {
  if (contentEncoding === undefined) return null;
  const named = String(contentEncoding)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (named.length === 0) return null;
  return (named.length === 1 ? PACKINGS.get(named[0] as string) : undefined) ?? 'unknown';
}

/** `too_large`: it unpacks to more than the bound. `invalid`: it is not packed so, or breaks off. */
export class UnpackFailure extends Error {
  readonly kind: 'too_large' | 'invalid';

  constructor(kind: UnpackFailure['kind'], cause?: unknown) {
    super(`the body is ${kind} to unpack`, { cause });
    this.kind = kind;
  }
}

/** What is unpacked at a time, bytes: each time is a turn of another thread. */
const CHUNK_BYTES = 256 * 1024;
/** Memory that a sender may make an unpacker take, as a power of two: RFC 8878 §3.1.1.1.2, 8 MiB. */
const ZSTD_WINDOW_LOG_MAX = 23;

const unpackers: Record<Packing, () => Transform> = {
  gzip: () => createGunzip({ chunkSize: CHUNK_BYTES }),
  deflate: () => createInflate({ chunkSize: CHUNK_BYTES }),
  br: () => createBrotliDecompress({ chunkSize: CHUNK_BYTES }),
  zstd: () =>
    createZstdDecompress({
      chunkSize: CHUNK_BYTES,
      params: { [zlib.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
    }),
};

/**
 * The body, unpacked as it comes. Fails with an `UnpackFailure`, and takes no more from the payload
 * then; the payload itself stays open.
 */
export function unpackBody(payload: Readable, packing: Packing, bytesMax: number): UnpackedBody {
  const unpacker = unpackers[packing]();
  const body = new UnpackedBody(bytesMax);
  payload.on('data', (chunk: Buffer) => {
    body.receivedEncodedLength += chunk.length;
  });
  const stop = () => {
    payload.unpipe(unpacker);
    unpacker.destroy();
  };
  unpacker.on('error', (error) => body.destroy(new UnpackFailure('invalid', error)));
  body.on('error', stop).on('close', stop);
  payload.pipe(unpacker).pipe(body);
  return body;
}

class UnpackedBody extends Transform {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Bytes that came, packed; Fastify compares them with the request's content-length. */
  receivedEncodedLength = 0;

  constructor(bytesMax: number) {
    super();
    this.#bytesMax = bytesMax;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) return done(new UnpackFailure('too_large'));
    done(null, chunk);
  }
}
