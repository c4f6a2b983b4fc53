/** The thread that counts inputs: one order, one answer. */
import { parentPort } from 'node:worker_threads';
import { tokenBound } from '@tollgate/adapters/tokenizer/token-bound.ts';
import type { Endpoint } from '../dialects/dialect.ts';
import { dialects } from '../dialects/dialects.ts';
import type { CountAnswer, CountOrder } from './input-counters.ts';

const endpoints = new Map<string, Endpoint>(
  dialects.flatMap(({ endpoints: own }) => own.map((endpoint) => [endpoint.name, endpoint])),
);

parentPort?.on('message', (order: CountOrder) => {
  parentPort?.postMessage(countOf(order));
});

/**
 * The bytes of the body bound its tokens. Where a text is read word for word, its tokens take the place
 * of its bytes; all else, names and brackets too, stays at its bytes, which are more than what a
 * provider writes in their place.
 *
 * @throws Error if no dialect has the endpoint: the thread ends
 */
function countOf({ endpoint: name, body, encoding }: CountOrder): CountAnswer {
  const endpoint = endpoints.get(name);
  if (endpoint === undefined) throw new Error(`there is no endpoint ${name}`);
  const { buffer, byteOffset, byteLength } = body;
  const request: unknown = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString());
  let saved = 0;
  for (const text of endpoint.plainTexts(request)) {
    saved += Buffer.byteLength(text) - tokenBound(text, encoding);
  }
  return { saved };
}
