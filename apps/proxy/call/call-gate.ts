/**
 * From a key that is known to a call that begins: its place among the calls in flight, and its body. The
 * body is taken in here, before Fastify would: what Fastify does around a body costs each call as much as
 * its authentication, and none of it is needed for one that is counted and looked at as it arrives.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BodyBytes } from '../body/body-bytes.ts';
import { type Received, receiveBody } from '../body/receive-body.ts';
import type { Endpoint } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import type { CallHandler } from './call-handler.ts';
import { Place } from './in-flight.ts';

export type Done = (error?: Error) => void;
export type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void;

declare module 'fastify' {
  interface FastifyRequest {
    key: KeyView | null;
    place: Place | null;
    arrivedAtMs: number;
  }
}

/** A body that has come within this needs no second look at its key, ms. */
const BODY_SOON_MS = 100;

const NO_JSON: Refusal = { code: 'unsupported_media_type' };
const JSON_TYPE = /^\s*application\/json\s*(?:;|$)/i;

const FORM_TYPE = /^\s*multipart\/form-data\s*;/i;
const NO_FORM: Refusal = {
  code: 'unsupported_media_type',
  message: 'Send the request as a form: `content-type: multipart/form-data`.',
};

function saysForm({ headers }: FastifyRequest): boolean {
  return FORM_TYPE.test(headers['content-type'] ?? '');
}

function isOfForms({ takes }: Endpoint): boolean {
  return takes === 'form';
}

/** Whether the body is said to be JSON; nothing has to be said of a body that is not there. */
function saysJson({ headers }: FastifyRequest): boolean {
  const type = headers['content-type'];
  if (type === 'application/json') return true;
  if (type !== undefined && type !== '') return JSON_TYPE.test(type);
  return headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0);
}

/**
 * Node tells a reply of the end of its connection only once it is its turn to be written: one that is
 * pipelined behind another would never close, and its place and bytes would be taken for good.
 */
function closeWithConnection({ raw: { socket } }: FastifyRequest, { raw }: FastifyReply): void {
  if (raw.socket !== null) return;
  const onClose = () => {
    raw.destroy();
    // Later Nodes say so themselves.
    setImmediate(() => raw.closed || raw.emit('close'));
  };
  // One for each request that waits.
  socket.setMaxListeners(0);
  socket.once('close', onClose);
  raw.once('socket', () => socket.off('close', onClose));
}

/** What takes the requests that have passed. */
export type Calls = Pick<CallHandler, 'enter' | 'refuse' | 'handle'>;

type Parts = {
  limits: ProxyLimits;
  calls: Calls;
  bytes: BodyBytes;
  logger: { error(fields: object, message: string): void };
};

export class CallGate {
  readonly #endpoint: Endpoint;
  readonly #parts: Parts;

  constructor(endpoint: Endpoint, parts: Parts) {
    this.#endpoint = endpoint;
    this.#parts = parts;
  }

  /**
   * From here on, while its body arrives, the call is in flight. Ends the reply itself, now or later.
   *
   * @param admitAgain for a body that took its time: what was true of its key when it began may not be
   *   true any more. It leads to `begin`.
   */
  enter(request: FastifyRequest, reply: FastifyReply, admitAgain: Hook): void {
    const { calls, bytes, limits } = this.#parts;
    // Its client left while its key was looked at: no event of it will come any more.
    if (request.raw.destroyed || reply.raw.destroyed) return void reply.hijack();
    const key = request.key as KeyView;
    const place = calls.enter(key);
    if (!(place instanceof Place)) return calls.refuse(this.#endpoint, key, place, reply);
    request.place = place;
    closeWithConnection(request, reply);
    const leave = () => {
      // The body was in memory for as long as its call could be sent again.
      bytes.giveBack(key.keyId, place.bodyBytes);
      if (!place.ofCall) place.leave();
    };
    // Else who leaves and comes again would have more read, scanned and judged at once than it may.
    reply.raw.on('close', () => (place.taking === null ? leave() : void place.taking.then(leave)));
    const isForm = this.#endpoint.takes !== undefined && saysForm(request);
    if (!isForm && (this.#endpoint.takes === 'form' || !saysJson(request))) {
      return calls.refuse(
        this.#endpoint,
        key,
        isOfForms(this.#endpoint) ? NO_FORM : NO_JSON,
        reply,
      );
    }
    const take = (more: number) => {
      if (!bytes.take(key.keyId, more)) return false;
      place.bodyBytes += more;
      return true;
    };
    const onReceived = (received: Received) => {
      if ('left' in received) return void reply.hijack();
      if ('refusal' in received) {
        return calls.refuse(this.#endpoint, key, received.refusal, reply);
      }
      request.body = received.body;
      if (performance.now() - request.arrivedAtMs < BODY_SOON_MS) return this.begin(request, reply);
      admitAgain(request, reply, (error) => this.#fail(reply, error));
    };
    receiveBody(request.raw, limits, take, onReceived, isForm);
  }

  begin(request: FastifyRequest, reply: FastifyReply): void {
    const { key, place } = request as { key: KeyView; place: Place };
    try {
      const running = this.#parts.calls.handle(this.#endpoint, key, place, request, reply);
      if (running instanceof Promise) {
        place.taking = running.catch((error) => this.#fail(reply, error));
      }
    } catch (error) {
      this.#fail(reply, error);
    }
  }

  /** A defect of ours. */
  #fail(reply: FastifyReply, error: unknown): void {
    if (!reply.sent) return void reply.send(error);
    this.#parts.logger.error({ err: error }, 'a call failed after its answer had begun');
    reply.raw.destroy();
  }
}
