/**
 * Sockets to providers that read what has come before a failed write ends them, and that know whether
 * all of a request was written.
 *
 * A server that refuses a request early (413, 401) answers and closes with bytes unread. The reset
 * that follows fails our write, and Node ends a socket then, with the answer in it unread
 * (nodejs/node#54366). So the failure of a write is told a moment later: until then the answer is
 * read, and the end that comes behind it.
 */
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** For what has arrived already to be read, ms. */
const READ_BEFORE_FAILURE_MS = 1_000;

type Done = (error?: Error | null) => void;

/** Node's streams write by these. */
type Written = {
  _write(chunk: unknown, encoding: BufferEncoding, done: Done): void;
  _writev(chunks: unknown, done: Done): void;
};

/** What a request is told of the socket that it is written to. */
export type SocketUser = { onSocket(socket: GuardedSocket): void };

/** The request that is about to be written: undici starts it and writes it in one go. */
let starting: SocketUser | null = null;

export function startsNow(user: SocketUser): void {
  starting = user;
}

export class GuardedSocket {
  readonly #socket: Socket;
  #done: Done | null = null;
  /** Requests that were written to it. */
  requests = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    const plain = socket as unknown as Written;
    const write = plain._write;
    const writev = plain._writev;
    const { cork } = socket;
    const settled = (error?: Error | null) => this.#settled(error);
    plain._write = (chunk, encoding, done) => {
      this.#done = done;
      write.call(socket, chunk, encoding, settled);
    };
    plain._writev = (chunks, done) => {
      this.#done = done;
      writev.call(socket, chunks, settled);
    };
    // Of a request with a body, this is what undici does first.
    socket.cork = () => {
      starting?.onSocket(this);
      starting = null;
      cork.call(socket);
    };
  }

  /**
   * The operating system has not taken all that was written: the other side cannot have read it
   * whole.
   */
  get hasUnwritten(): boolean {
    return this.#done !== null || this.#socket.writableLength > 0;
  }

  #settled(error?: Error | null): void {
    const done = this.#done;
    if (done === null) return;
    if (!error) {
      this.#done = null;
      return done(error);
    }
    // `#done` stays: these bytes were not written.
    const tell = () => {
      clearTimeout(late);
      this.#socket.off('close', tell);
      done(error);
    };
    const late = setTimeout(tell, READ_BEFORE_FAILURE_MS);
    late.unref();
    this.#socket.on('close', tell);
  }
}

/** Connects as undici does. */
export function guardedConnector(timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs });
  return (options, callback) =>
    connect(options, (...connected: Parameters<buildConnector.Callback>) => {
      const [error, socket] = connected;
      if (error === null && socket !== null) new GuardedSocket(socket);
      callback(...connected);
    });
}
