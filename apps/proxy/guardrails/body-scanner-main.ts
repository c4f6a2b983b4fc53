/** The thread that looks through large request bodies: one order, one answer. */
import { parentPort } from 'node:worker_threads';
import { type ScanOrder, scanBody } from './scan-body.ts';

parentPort?.on('message', (order: ScanOrder) => {
  const scanned = scanBody(order);
  const bytes = 'body' in scanned ? scanned.body : null;
  // Short ones lie in memory that Node shares out, which may not move: from 21 on that throws.
  const isAlone = bytes !== null && bytes.byteLength === bytes.buffer.byteLength;
  const moved = isAlone && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
  parentPort?.postMessage(scanned, moved);
});
