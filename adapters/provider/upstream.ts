/**
 * Port and implementation: one provider's HTTP endpoint, over an undici pool of its own. Callbacks,
 * not promises or web streams: this is the hot path.
 */
import { type Dispatcher, Pool } from 'undici';
import {
  type GuardedSocket,
  guardedConnector,
  type SocketUser,
  startsNow,
} from './guarded-socket.ts';

export type UpstreamOptions = {
  /** Origin and path prefix, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Sent as a bearer token; empty: none. */
  apiKey: string;
  connectionsMax: number;
  connectTimeoutMs: number;
  headersTimeoutMs: number;
  bodyTimeoutMs: number;
};

export type UpstreamFailure = {
  /** `closed`: a kept connection, without a byte of an answer, as it was used again. */
  kind: 'unreachable' | 'timeout' | 'broken' | 'aborted' | 'closed';
  /**
   * The request did not leave whole, and no answer came: the provider cannot have read it, or billed
   * anything.
   */
  unsent: boolean;
  cause: Error;
};

export type UpstreamHeaders = Record<string, string | string[] | undefined>;

/** Exactly one of `onEnd` and `onFailure` comes, last. */
export type UpstreamHandler = {
  onHeaders(status: number, headers: UpstreamHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
};

/** Controls a running request. */
export type UpstreamControl = { pause(): void; resume(): void; abort(reason: Error): void };

export type Upstream = {
  /** POSTs JSON. `path` is below the base URL and starts with a slash. */
  post(
    path: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    handler: UpstreamHandler,
  ): UpstreamControl;
  close(): Promise<void>;
};

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** What a connection says that the other side has closed. */
const CLOSED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

export function createUpstream(options: UpstreamOptions): Upstream {
  const url = new URL(options.baseUrl);
  // However many slashes it has, one path goes upstream.
  const prefix = url.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  const open = () =>
    new Pool(url.origin, {
      connections: options.connectionsMax,
      pipelining: 1,
      connect: guardedConnector(options.connectTimeoutMs),
      headersTimeout: options.headersTimeoutMs,
      bodyTimeout: options.bodyTimeoutMs,
    });
  const pool = open();
  /** For requests that a kept connection failed: each has a connection of its own. */
  let fresh: Pool | undefined;
  const fixed: Record<string, string> = { 'content-type': 'application/json' };
  // Usage is read from the bytes as they pass, so they must not be compressed.
  fixed['accept-encoding'] = 'identity';
  if (options.apiKey !== '') fixed['authorization'] = `Bearer ${options.apiKey}`;
  return {
    post(path, body, headers, handler) {
      const request: Dispatcher.DispatchOptions = {
        ...{ path: prefix + path, method: 'POST', headers: { ...headers, ...fixed }, body },
      };
      const relay = new Relay(handler, () => {
        fresh ??= open();
        fresh.dispatch({ ...request, reset: true }, relay);
      });
      pool.dispatch(request, relay);
      return relay;
    },
    close: async () => {
      await Promise.all([pool.destroy(), fresh?.destroy()]);
    },
  };
}

/**
 * Adapts undici's handler, and remembers what the caller asked for before the request had a socket.
 */
class Relay implements Dispatcher.DispatchHandler, UpstreamControl, SocketUser {
  readonly #handler: UpstreamHandler;
  /** Sends the request again, on a new connection. Once. */
  #again: (() => void) | undefined;
  #socket: GuardedSocket | undefined;
  /** The connection has carried a request before. */
  #isReused = false;
  #isAnswered = false;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #ended = false;

  constructor(handler: UpstreamHandler, again: () => void) {
    this.#handler = handler;
    this.#again = again;
  }

  onSocket(socket: GuardedSocket): void {
    this.#socket = socket;
    this.#isReused = socket.requests++ > 0;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(reason: Error): void {
    this.#aborted = reason;
    if (this.#controller !== undefined) return this.#controller.abort(reason);
    // The request still waits for a socket, perhaps for as long as other calls last: it will not be
    // sent.
    if (this.#ended) return;
    this.#ended = true;
    this.#handler.onFailure({ kind: 'aborted', unsent: true, cause: reason });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#aborted !== undefined) {
      // Still before the first byte: `#controller` stays unset, so the failure says `unsent`.
      controller.abort(this.#aborted);
      return;
    }
    this.#controller = controller;
    startsNow(this);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    // Interim answers (103 and the like) are not the answer.
    if (status < 200) return;
    this.#isAnswered = true;
    this.#handler.onHeaders(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handler.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#ended) return;
    const unsent = this.#isUnsent;
    const kind = this.#kindOf(cause, unsent);
    if (unsent && kind === 'closed' && this.#again !== undefined) return this.#sendAgain();
    this.#ended = true;
    this.#handler.onFailure({ kind, unsent, cause });
  }

  get #isUnsent(): boolean {
    if (this.#controller === undefined) return true;
    return !this.#isAnswered && this.#socket?.hasUnwritten === true;
  }

  /** A kept connection was closed under the request, which the provider cannot have read. */
  #sendAgain(): void {
    const again = this.#again;
    this.#again = undefined;
    this.#controller = undefined;
    this.#socket = undefined;
    this.#isReused = false;
    again?.();
  }

  #kindOf(cause: Error, unsent: boolean): UpstreamFailure['kind'] {
    if (this.#aborted !== undefined) return 'aborted';
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (TIMEOUTS.has(code)) return 'timeout';
    if (this.#isReused && !this.#isAnswered && CLOSED.has(code)) return 'closed';
    return unsent && this.#controller === undefined ? 'unreachable' : 'broken';
  }
}
