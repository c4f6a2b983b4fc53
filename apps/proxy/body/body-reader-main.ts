/** The thread that reads large request bodies: one order, one answer. */
import { parentPort } from 'node:worker_threads';
import type { Endpoint, FactsRead } from '../dialects/dialect.ts';
import { dialects } from '../dialects/dialects.ts';
import { passThrough } from '../dialects/pass/pass-through.ts';
import type { Translated, TranslationOrder } from '../translate/translate-request.ts';
import { translateRequest } from '../translate/translate-request.ts';
import type { ReadOrder } from './body-readers.ts';

const byName = (all: readonly Endpoint[]) =>
  new Map<string, Endpoint>(all.map((endpoint) => [endpoint.name, endpoint]));

const endpoints = byName([...dialects.flatMap(({ endpoints: own }) => own), passThrough]);
/** Those whose path names a model that others have in the body. */
const atDeployments = byName(dialects.flatMap(({ atDeployments: own = [] }) => own));

parentPort?.on('message', (order: ReadOrder | TranslationOrder) => {
  const read: FactsRead | Translated = 'to' in order ? translateRequest(order) : readBody(order);
  const memory = read.ok ? read.facts.body.buffer : null;
  parentPort?.postMessage(read, memory instanceof ArrayBuffer ? [memory] : []);
});

/** @throws Error if no dialect has the endpoint: the thread ends */
function readBody({ endpoint: name, body: bytes, target, depthMax }: ReadOrder): FactsRead {
  const named = target === undefined ? undefined : atDeployments.get(name);
  const endpoint = named ?? endpoints.get(name);
  if (endpoint === undefined) throw new Error(`there is no endpoint ${name}`);
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return endpoint.read({ body, target }, depthMax);
}
