/** The thread that looks through large request bodies: one order, one answer. */
import { parentPort } from 'node:worker_threads';
import { type ScanOrder, scanBody } from './scan-body.ts';

parentPort?.on('message', (order: ScanOrder) => {
  const scanned = scanBody(order);
  const memory = 'body' in scanned ? scanned.body.buffer : null;
  parentPort?.postMessage(scanned, memory instanceof ArrayBuffer ? [memory] : []);
});
