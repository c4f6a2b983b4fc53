/**
 * A provider in a thread of its own, so that it answers while the other side still writes: it reads
 * some of a request, refuses it and closes with the rest unread.
 */
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { readBytes, answer } = workerData as { readBytes: number; answer: string };

const server = createServer((socket) => {
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < readBytes) return;
    socket.off('data', onData).pause();
    socket.write(answer, () => socket.destroy());
  };
  socket.on('error', () => undefined).on('data', onData);
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage(server.address()));
