/**
 * Takes the body of a call in as its bytes arrive: within the bytes that the process and the key may
 * hold, and looked at before it is whole, so that a body that will be refused is not buffered first. A
 * compressed one is unpacked as it comes, and its bounds are those of what it unpacks to.
 */
import type { IncomingMessage } from 'node:http';
import { namedPacking, UnpackFailure, unpackBody } from '@tollgate/adapters/http/content-coding.ts';
import type { Refusal } from '../errors.ts';
import type { ProxyLimits } from '../limits.ts';
import { type BodyFault, BodyGuard } from './body-guard.ts';

export type BodyLimits = Pick<
  ProxyLimits,
  | 'requestBodyBytesMax'
  | 'formBodyBytesMax'
  | 'requestDepthMax'
  | 'requestValuesMax'
  | 'requestMembersMax'
  | 'bodyInlineBytesMax'
>;

/** `left`: the client, before its body was whole. */
export type Received = { body: Buffer } | { refusal: Refusal } | { left: true };

/**
 * @param take asks for room for so many more bytes; false: there is none
 * @param done called once; after a refusal the rest of the body has not been read
 * @param isForm it is no JSON, and has files in it
 */
export function receiveBody(
  payload: IncomingMessage,
  limits: BodyLimits,
  take: (bytes: number) => boolean,
  done: (received: Received) => void,
  isForm = false,
): void {
  const bytesMax = isForm ? limits.formBodyBytesMax : limits.requestBodyBytesMax;
  if (Number(payload.headers['content-length'] ?? 0) > bytesMax) {
    return done({ refusal: { code: 'request_too_large' } });
  }
  const packing = namedPacking(payload.headers['content-encoding']);
  if (packing === 'unknown') return done({ refusal: { code: 'unsupported_encoding' } });
  const source = packing === null ? payload : unpackBody(payload, packing, bytesMax);
  const chunks: Buffer[] = [];
  let length = 0;
  let guard: BodyGuard | undefined;
  let isDone = false;
  const refuse = (refusal: Refusal) => {
    isDone = true;
    source.off('data', onData);
    // What unpacks takes no more, and lets its memory go.
    if (source !== payload) source.destroy();
    payload.pause();
    done({ refusal });
  };
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    if (length > bytesMax) {
      return refuse({ code: 'request_too_large' });
    }
    if (!take(chunk.length)) {
      return refuse({ code: 'overloaded', message: TOO_MANY_BYTES });
    }
    chunks.push(chunk);
    // What a small body can hold is bounded by its length.
    if (length <= limits.bodyInlineBytesMax || isForm) return;
    let fault: BodyFault | null = null;
    if (guard === undefined) {
      guard = openGuard(limits);
      // A guard that has refused says nothing about what follows: the first fault counts.
      for (const earlier of chunks) fault ??= guard.push(earlier);
    } else {
      fault = guard.push(chunk);
    }
    if (fault !== null) refuse({ code: fault });
  };
  const onEnd = () => {
    if (isDone) return;
    isDone = true;
    done({ body: chunks.length === 1 ? (chunks[0] as Buffer) : joined(chunks) });
  };
  // It comes behind every end, too; what unpacks may end later.
  const onClose = () => {
    if (isDone || payload.complete) return;
    isDone = true;
    if (source !== payload) source.destroy();
    done({ left: true });
  };
  // 'close' follows an error and says as much.
  payload.on('error', ignore).on('close', onClose);
  if (source !== payload) source.on('error', (error) => isDone || refuse(unpackRefusal(error)));
  source.on('data', onData).on('end', onEnd);
}

function unpackRefusal(error: Error): Refusal {
  const isTooLarge = error instanceof UnpackFailure && error.kind === 'too_large';
  return { code: isTooLarge ? 'request_too_large' : 'invalid_encoding' };
}

const ignore = () => undefined;

const TOO_MANY_BYTES =
  'The gateway is taking in as many bytes of requests as it can hold, in all or of this key. Try again shortly.';

function openGuard(limits: BodyLimits): BodyGuard {
  return new BodyGuard({
    depthMax: limits.requestDepthMax,
    valuesMax: limits.requestValuesMax,
    membersMax: limits.requestMembersMax,
  });
}

/** Of memory of its own, which can move to another thread. */
function joined(chunks: readonly Buffer[]): Buffer {
  const body = Buffer.allocUnsafeSlow(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
