/**
 * A TCP proxy in front of one Kafka node that loses what a test tells it to lose. It reads just
 * enough of the protocol to match answers with requests: a frame is a 32-bit length, then in a
 * request the API's number, its version and a correlation id, in an answer the correlation id.
 */
import { connect, createServer, type Socket } from 'node:net';

/** Number of the Produce API. */
export const PRODUCE = 0;

/** `drop`: the client never gets the answer. `cut`: both connections are destroyed instead. */
export type Fault = 'none' | 'drop' | 'cut' | { delayMs: number };

export type FaultProxy = {
  port: number;
  /** To be set before the first client connects. */
  leadTo(port: number): void;
  /** Decides what happens to each answer of the broker, by the number of its API. */
  onAnswer(decide: (api: number) => Fault): void;
  close(): Promise<void>;
};

const noFault = (): Fault => 'none';

export async function startFaultProxy(): Promise<FaultProxy> {
  let target = 0;
  let decide: (api: number) => Fault = noFault;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1');
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    relay(client, broker, (api) => decide(api));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    leadTo(port) {
      target = port;
    },
    onAnswer(next) {
      decide = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function relay(client: Socket, broker: Socket, decide: (api: number) => Fault): void {
  const apis = new Map<number, number>();
  onFrames(client, (frame) => {
    apis.set(frame.readInt32BE(8), frame.readInt16BE(4));
    broker.write(frame);
  });
  onFrames(broker, (frame) => {
    const correlation = frame.readInt32BE(4);
    const fault = decide(apis.get(correlation) ?? -1);
    apis.delete(correlation);
    if (fault === 'none') client.write(frame);
    else if (fault === 'cut') client.destroy();
    else if (fault !== 'drop') setTimeout(() => client.write(frame), fault.delayMs).unref();
  });
}

/** Whole frames, their length included. */
function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
      const size = 4 + held.readInt32BE(0);
      take(held.subarray(0, size));
      held = held.subarray(size);
    }
  });
}
