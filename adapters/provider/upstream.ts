/**
 * Port and implementation: one provider's HTTP endpoint, over an undici pool of its own. Callbacks,
 * not promises or web streams: this is the hot path.
 */
import { type AuthStyle, authStyles } from '@tollgate/schemas/config/provider-dialects.ts';
import { type Dispatcher, Pool } from 'undici';
import type { Authorizer } from './authorizer.ts';
import {
  type GuardedSocket,
  guardedConnector,
  type SocketUser,
  startsNow,
} from './guarded-socket.ts';

export type UpstreamOptions = {
  /** Origin and path prefix, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Empty: none. */
  apiKey: string;
  /** Several, in place of it: each request says which one it is sent with. */
  apiKeys?: readonly string[] | undefined;
  /** In place of a key: what each request needs, made as it is sent. */
  authorize?: Authorizer | undefined;
  /** How its key is shown, whatever a request says. Undefined: as the request says. */
  auth?: AuthStyle | undefined;
  /** More headers that each request has. */
  headers?: Readonly<Record<string, string>> | undefined;
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
  /** @param pieces that it came in; one if not given */
  onData(chunk: Buffer, pieces?: number): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
};

/** Controls a running request. */
export type UpstreamControl = { pause(): void; resume(): void; abort(reason: Error): void };

export type Upstream = {
  /**
   * POSTs JSON, unless `headers` have another `content-type`. `path` is below the base URL and starts with a slash.
   *
   * @param auth how the provider's key is shown; default: as a bearer token
   * @param key which of several it is, from 0
   */
  post(
    path: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    handler: UpstreamHandler,
    auth?: AuthStyle,
    key?: number,
  ): UpstreamControl;
  /** Asks for what a provider keeps, or has it changed, without a body. As `post` in all else. */
  ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    headers: Record<string, string>,
    handler: UpstreamHandler,
    auth?: AuthStyle,
    key?: number,
  ): UpstreamControl;
  close(): Promise<void>;
};

/**
 * Pieces of the body up to this are gathered, bytes, as far as they come in one read: sixty-four kilobytes of
 * HTTP chunks of one byte are 11,000 of them, and each that goes on alone takes 3 us.
 */
export const GATHERED_BYTES_MAX = 64;
/** So many at most, so that the reader may pause within a read: they take 1.5 ms to be found. */
export const GATHERED_PIECES_MAX = 2_048;
/** Interim answers (103 and the like); real servers send one or two, and no pause holds them back. */
const INTERIM_MAX = 64;

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
  const { apiKey, apiKeys = [apiKey] } = options;
  const fixedBy = apiKeys.map((one) => fixedHeaders(options, one));
  const { authorize } = options;
  const send = (request: Dispatcher.DispatchOptions, handler: UpstreamHandler) => {
    let sent = request;
    const relay = new Relay(
      handler,
      () => {
        fresh ??= open();
        fresh.dispatch({ ...sent, reset: true }, relay);
      },
      authorize,
    );
    if (authorize === undefined) pool.dispatch(request, relay);
    else {
      authorized(authorize, url.host, request).then(
        (whole) => {
          sent = whole;
          if (!relay.isOver) pool.dispatch(whole, relay);
        },
        (cause) => relay.cannotBeSent(cause),
      );
    }
    return relay;
  };
  return {
    post(path, body, headers, handler, auth = 'bearer', key = 0) {
      const sent = { ...headers, ...fixedBy[key]?.[auth] };
      // A form says where its parts end.
      const type = headers['content-type'];
      if (type !== undefined) sent['content-type'] = type;
      return send({ path: prefix + path, method: 'POST', headers: sent, body }, handler);
    },
    ask(method, path, headers, handler, auth = 'bearer', key = 0) {
      const { 'content-type': _, ...sent } = { ...headers, ...fixedBy[key]?.[auth] };
      return send({ path: prefix + path, method, headers: sent }, handler);
    },
    close: async () => {
      await Promise.all([pool.destroy(), fresh?.destroy()]);
    },
  };
}

async function authorized(
  authorize: Authorizer,
  host: string,
  request: Dispatcher.DispatchOptions,
): Promise<Dispatcher.DispatchOptions> {
  const headers = request.headers as Record<string, string>;
  const { method, path, body } = request;
  const more = await authorize.headersFor({
    ...{ method, host, path, contentType: headers['content-type'] },
    body: (body ?? '') as string | Uint8Array,
  });
  return { ...request, headers: { ...headers, ...more } };
}

/** What each request has, by how it shows the key. */
function fixedHeaders(
  { auth, headers }: UpstreamOptions,
  apiKey: string,
): Record<AuthStyle, Record<string, string>> {
  const keyOf = (style: AuthStyle): Record<string, string> => {
    if (apiKey === '') return {};
    return style === 'bearer' ? { authorization: `Bearer ${apiKey}` } : { [style]: apiKey };
  };
  const fixed = authStyles.map((style) => [
    style,
    {
      ...headers,
      'content-type': 'application/json',
      // Usage is read from the bytes as they pass, so they must not be compressed.
      'accept-encoding': 'identity',
      ...keyOf(auth ?? style),
    },
  ]);
  return Object.fromEntries(fixed) as Record<AuthStyle, Record<string, string>>;
}

/**
 * Adapts undici's handler, and remembers what the caller asked for before the request had a socket.
 */
class Relay implements Dispatcher.DispatchHandler, UpstreamControl, SocketUser {
  readonly #handler: UpstreamHandler;
  readonly #authorize: Authorizer | undefined;
  /** Sends the request again, on a new connection. Once. */
  #again: (() => void) | undefined;
  #socket: GuardedSocket | undefined;
  /** The connection has carried a request before. */
  #isReused = false;
  #isAnswered = false;
  #interims = 0;
  /** Small pieces of this read. */
  #small: Buffer[] | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #ended = false;

  constructor(handler: UpstreamHandler, again: () => void, authorize?: Authorizer) {
    this.#handler = handler;
    this.#again = again;
    this.#authorize = authorize;
  }

  /** It has ended before it was sent. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** There is nothing to prove with whose request it is. */
  cannotBeSent(cause: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handler.onFailure({ kind: 'unreachable', unsent: true, cause });
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
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    // Interim answers are not the answer.
    if (status < 200) {
      if (++this.#interims > INTERIM_MAX) controller.abort(new Error('too many interim answers'));
      return;
    }
    this.#isAnswered = true;
    this.#authorize?.answered(status, headers['date'] as string | undefined);
    this.#handler.onHeaders(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (chunk.length <= GATHERED_BYTES_MAX) return this.#gather(chunk);
    if (this.#small !== undefined) this.#handOn();
    this.#handler.onData(chunk);
  }

  #gather(piece: Buffer): void {
    if (this.#small === undefined) {
      this.#small = [piece];
      // When the read has been looked through.
      process.nextTick(Relay.#handOnNow, this);
    } else if (this.#small.push(piece) === GATHERED_PIECES_MAX) {
      this.#handOn();
    }
  }

  static #handOnNow(relay: Relay): void {
    relay.#handOn();
  }

  /** What has gathered goes on as one. */
  #handOn(): void {
    const pieces = this.#small;
    if (pieces === undefined) return;
    this.#small = undefined;
    const [first] = pieces;
    const isOne = pieces.length === 1;
    this.#handler.onData(isOne ? (first as Buffer) : Buffer.concat(pieces), pieces.length);
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    this.#handOn();
    this.#ended = true;
    this.#handler.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#ended) return;
    this.#handOn();
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
