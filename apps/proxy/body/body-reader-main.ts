/** The thread that reads large request bodies: one order, one answer. */
import { parentPort } from 'node:worker_threads';
import type { Endpoint, FactsRead } from '../dialects/dialect.ts';
import { dialects } from '../dialects/dialects.ts';
import type { ReadOrder } from './body-readers.ts';

const endpoints = new Map<string, Endpoint>(
  dialects.flatMap(({ endpoints: own }) => own.map((endpoint) => [endpoint.name, endpoint])),
);

parentPort?.on('message', (order: ReadOrder) => {
  const read = readBody(order);
  const memory = read.ok ? read.facts.body.buffer : null;
  parentPort?.postMessage(read, memory instanceof ArrayBuffer ? [memory] : []);
});

/** @throws Error if no dialect has the endpoint: the thread ends */
function readBody({ endpoint: name, body: bytes, target, depthMax }: ReadOrder): FactsRead {
  const endpoint = endpoints.get(name);
  if (endpoint === undefined) throw new Error(`there is no endpoint ${name}`);
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return endpoint.read({ body, target }, depthMax);
}
