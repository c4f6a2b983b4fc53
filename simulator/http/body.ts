/** Reads a request's body whole, within a bound, and as JSON. */
import type { IncomingMessage } from 'node:http';
import { ApiError, invalid } from './openai-error.ts';

/** Throws 413 as soon as the body is known to exceed `bytesMax`. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // The rest is read and dropped: a closed socket would lose the refusal on its way.
      if (bytes > bytesMax) reject(tooLarge(bytesMax));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** Parses an object; throws OpenAI's 400 for anything else. */
export function parseObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ApiError(400, 'We could not parse the JSON body of your request.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('body', 'The body must be a JSON object.', 'invalid_type');
  }
  return value as Record<string, unknown>;
}

function tooLarge(bytesMax: number): ApiError {
  return new ApiError(413, `The body exceeds ${bytesMax} bytes.`, 'request_too_large');
}
