/**
 * Sends a file as it is made. A reader that is slow makes it slow; one that takes nothing is cut off. What
 * fails halfway breaks off, so that half a file never looks whole.
 */
import { PassThrough, pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import type { Download } from './route.ts';

type Manner = { accepts: string | undefined; stalledMs: number };

/** Pieces are as large as their maker has them, so only few of them wait between maker and reader. */
const PIECES_WAITING_MAX = 2;

export function sendDownload(
  reply: FastifyReply,
  { type, filename, body, compressible }: Download,
  { accepts, stalledMs }: Manner,
): FastifyReply {
  reply.raw.setTimeout(stalledMs, () => reply.raw.destroy());
  void reply
    .code(200)
    .type(type)
    .header('content-disposition', `attachment; filename="${filename}"`)
    .header('cache-control', 'private, no-store');
  if (compressible) reply.header('vary', 'accept-encoding');
  const isPacked = compressible && takesGzip(accepts);
  if (typeof body === 'string' || body instanceof Uint8Array) {
    if (!isPacked) return reply.send(Buffer.from(body));
    return reply.header('content-encoding', 'gzip').send(packed(Readable.from([body])));
  }
  const pieces = Readable.from(body, {
    objectMode: true,
    highWaterMark: PIECES_WAITING_MAX,
  });
  if (isPacked) return reply.header('content-encoding', 'gzip').send(packed(pieces));
  return reply.send(joined(pieces, new PassThrough()));
}

function packed(pieces: Readable): Readable {
  return joined(pieces, createGzip());
}

/** What goes wrong at either end destroys both: the reader's end is what the server watches. */
function joined<T extends PassThrough | ReturnType<typeof createGzip>>(
  pieces: Readable,
  end: T,
): T {
  pipeline(pieces, end, () => undefined);
  return end;
}

/** RFC 9110 §12.5.3: named, or anything, and not with a weight of nothing. */
function takesGzip(accepts: string | undefined): boolean {
  const weights = new Map(
    (accepts ?? '').split(',').map((entry) => {
      const [name = '', ...parameters] = entry
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return [name, weight !== undefined && /^q=0(?:\.0*)?$/.test(weight)] as const;
    }),
  );
  const refused = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*');
  return refused === false;
}
