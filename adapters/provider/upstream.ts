/**
 * Port and implementation: one provider's HTTP endpoint, over an undici pool of its own. Callbacks,
 * not promises or web streams: this is the hot path.
 */
import { type Dispatcher, Pool } from 'undici';

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
  kind: 'unreachable' | 'timeout' | 'broken' | 'aborted';
  /** No byte of the request was written: the provider cannot have billed anything. */
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

export function createUpstream(options: UpstreamOptions): Upstream {
  const url = new URL(options.baseUrl);
  const prefix = url.pathname.replace(/\/$/, '');
  const pool = new Pool(url.origin, {
    connections: options.connectionsMax,
    pipelining: 1,
    connect: { timeout: options.connectTimeoutMs },
    headersTimeout: options.headersTimeoutMs,
    bodyTimeout: options.bodyTimeoutMs,
  });
  const fixed: Record<string, string> = { 'content-type': 'application/json' };
  // Usage is read from the bytes as they pass, so they must not be compressed.
  fixed['accept-encoding'] = 'identity';
  if (options.apiKey !== '') fixed['authorization'] = `Bearer ${options.apiKey}`;
  return {
    post(path, body, headers, handler) {
      const relay = new Relay(handler);
      pool.dispatch(
        { path: prefix + path, method: 'POST', headers: { ...headers, ...fixed }, body },
        relay,
      );
      return relay;
    },
    close: () => pool.destroy(),
  };
}

/**
 * Adapts undici's handler, and remembers what the caller asked for before the request had a socket.
 */
class Relay implements Dispatcher.DispatchHandler, UpstreamControl {
  readonly #handler: UpstreamHandler;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #ended = false;

  constructor(handler: UpstreamHandler) {
    this.#handler = handler;
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
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    // Interim answers (103 and the like) are not the answer.
    if (status >= 200) this.#handler.onHeaders(status, headers);
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
    this.#ended = true;
    const unsent = this.#controller === undefined;
    this.#handler.onFailure({ kind: this.#kindOf(cause, unsent), unsent, cause });
  }

  #kindOf(cause: Error, unsent: boolean): UpstreamFailure['kind'] {
    if (this.#aborted !== undefined) return 'aborted';
    if (TIMEOUTS.has((cause as NodeJS.ErrnoException).code ?? '')) return 'timeout';
    return unsent ? 'unreachable' : 'broken';
  }
}
