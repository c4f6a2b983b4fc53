/**
 * Answers a request whose body is still on its way, without taking the body in. A connection that is
 * closed with bytes unread is reset, and the client may lose the answer with it; so what comes is
 * thrown away for a moment first (RFC 9112 §9.6).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProxyLimits } from '../limits.ts';

export type PlainAnswer = { status: number; headers: Record<string, string>; body: string };

export function hasBodyToCome(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return !request.complete && (encoding !== undefined || Number(length ?? 0) > 0);
}

export function answerAndClose(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: PlainAnswer,
  limits: Pick<ProxyLimits, 'lingerMs' | 'lingerBytesMax'>,
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...headers, 'content-length': length, connection: 'close' });
  // Ending the response closes the connection.
  response.write(body);
  let left = limits.lingerBytesMax;
  const close = () => {
    clearTimeout(late);
    request.pause();
    response.end();
  };
  const late = setTimeout(close, limits.lingerMs);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) close();
  });
  request.once('end', close).once('close', close).once('error', close);
  request.resume();
}
