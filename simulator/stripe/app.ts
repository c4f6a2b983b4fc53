/**
 * The fake Stripe as an HTTP server, without listening. It speaks the form-encoded API in the pinned
 * version to the official client, keeps its state in memory, and does to a request what Stripe does:
 * authorise, limit, check the parameters, look up the idempotency key, execute, save, answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { StripeClock } from './clock.ts';
import { fakeLimits } from './limits.ts';
import { creditNoteRoutes } from './objects/credit-note-routes.ts';
import { balanceRoutes, customerRoutes } from './objects/customer-routes.ts';
import { invoiceRoutes } from './objects/invoice-routes.ts';
import { advanceDrafts } from './objects/lifecycle.ts';
import { itemRoutes, lineRoutes } from './objects/line-routes.ts';
import { API_VERSION } from './objects/views.ts';
import { type Settings, World } from './objects/world.ts';
import { eventRoutes, webhookRoutes } from './webhook-routes.ts';
import { Webhooks } from './webhooks.ts';
import { Faults } from './wire/faults.ts';
import { type FormObject, parseForm } from './wire/form.ts';
import { IdempotencyKeys, type Saved } from './wire/idempotency.ts';
import { parseFields } from './wire/params.ts';
import { RateLimits, type Rates } from './wire/rate-limits.ts';
import type { Route } from './wire/route.ts';
import { StripeError } from './wire/stripe-error.ts';

/** One request as it came, and what became of it: for assertions, and to replay it elsewhere. */
export interface RequestRecord {
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  /** The query of a GET, the body of a POST, as it was sent. */
  readonly form: string;
  readonly idempotencyKey: string | undefined;
  readonly fault: string | undefined;
  status: number;
  replayed: boolean;
}

export interface StripeFakeOptions {
  readonly clock: StripeClock;
  /** Unlimited unless told: time that does not move would never give a request back. */
  readonly rates?: Rates;
  readonly settings?: Partial<Settings>;
}

export interface StripeApp {
  readonly server: Server;
  readonly world: World;
  readonly webhooks: Webhooks;
  readonly faults: Faults;
  readonly requests: readonly RequestRecord[];
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly route: Route | undefined;
  readonly ids: readonly string[];
  readonly form: FormObject;
  readonly rawForm: string;
  readonly key: string | undefined;
  readonly requestId: string;
}

export function buildStripe(options: StripeFakeOptions): StripeApp {
  const world = new World(options.clock, options.settings);
  const webhooks = new Webhooks(world);
  const faults = new Faults(options.clock);
  const keys = new IdempotencyKeys(options.clock);
  const rates = new RateLimits(options.clock, options.rates);
  const routes = [
    ...customerRoutes,
    ...balanceRoutes,
    ...lineRoutes,
    ...invoiceRoutes,
    ...itemRoutes,
    ...creditNoteRoutes,
    ...webhookRoutes(webhooks),
    ...eventRoutes(webhooks),
  ];
  const api = new Api(world, keys, rates, routes);
  const requests: RequestRecord[] = [];
  const server = createServer(
    { headersTimeout: fakeLimits.headersTimeoutMs, requestTimeout: fakeLimits.bodyTimeoutMs },
    (request, response) => {
      serve(api, faults, requests, request, response).catch((cause: unknown) => {
        response.destroy(cause instanceof Error ? cause : new Error(String(cause)));
      });
    },
  );
  return { server, world, webhooks, faults, requests };
}

async function serve(
  api: Api,
  faults: Faults,
  requests: RequestRecord[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const arrival = api.arrive(request, body);
  const { method, path, rawForm, key, requestId } = arrival;
  const name = `${method} ${arrival.route?.path ?? path}`;
  const { number, fault } = faults.next(name);
  const record: RequestRecord = {
    number,
    method,
    path,
    route: name,
    form: rawForm,
    idempotencyKey: key,
    fault: fault?.kind,
    status: 0,
    replayed: false,
  };
  requests.push(record);
  if (requests.length > fakeLimits.requestsKeptMax) requests.shift();
  if (fault?.kind === 'lost_request') return void response.destroy();
  const answer = await (fault?.kind === 'refused'
    ? refusal(fault.status, fault.retryAfterS)
    : api.answer(
        arrival,
        request.headers,
        fault?.kind === 'slow' ? fault.ms : 0,
        fault?.kind === 'failed' ? fault : undefined,
      ));
  record.status = answer.status;
  record.replayed = answer.headers?.['idempotent-replayed'] === 'true';
  if (fault?.kind === 'lost_response') return void response.destroy();
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(answer.body),
    'request-id': requestId,
    'stripe-version': API_VERSION,
    ...(key === undefined ? {} : { 'idempotency-key': key }),
    ...answer.headers,
  });
  response.end(answer.body);
}

function refusal(status: number, retryAfterS: number | undefined): Answer {
  const error =
    status === 429
      ? new StripeError(
          429,
          'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
          { code: 'rate_limit' },
        )
      : new StripeError(status, 'An unknown error occurred', { type: 'api_error' });
  return failure(error, retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) });
}

function failure(error: StripeError, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: error.status, body: JSON.stringify(error.body()), headers };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > fakeLimits.bodyBytesMax) throw new Error('the request is too large for the fake');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

class Api {
  readonly #world: World;
  readonly #keys: IdempotencyKeys;
  readonly #rates: RateLimits;
  readonly #routes: readonly { readonly route: Route; readonly pattern: RegExp }[];
  /** Objects that a slow request holds: another one is told of the lock. */
  readonly #locked = new Set<string>();

  constructor(world: World, keys: IdempotencyKeys, rates: RateLimits, routes: readonly Route[]) {
    this.#world = world;
    this.#keys = keys;
    this.#rates = rates;
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(`^${route.path.replaceAll('{}', '([^/]+)')}$`),
    }));
  }

  arrive(request: IncomingMessage, body: string): Arrival {
    const { method = 'GET', url = '/' } = request;
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const rawForm = method === 'POST' ? body : at < 0 ? '' : url.slice(at + 1);
    const found = this.#routes.find(
      ({ route, pattern }) => route.method === method && pattern.test(path),
    );
    const ids = (found?.pattern.exec(path)?.slice(1) ?? []).map(decodeURIComponent);
    const key = method === 'GET' ? undefined : request.headers['idempotency-key'];
    const requestId = this.#world.id('req');
    return {
      method,
      path,
      route: found?.route,
      ids,
      form: parseForm(rawForm),
      rawForm,
      key: key as string | undefined,
      requestId,
    };
  }

  /** `slowMs` holds the key and the object; `failed` is a 500 from within. */
  async answer(
    arrival: Arrival,
    headers: IncomingMessage['headers'],
    slowMs: number,
    failed: { readonly done: boolean } | undefined,
  ): Promise<Answer> {
    const { key, route, path, form, rawForm } = arrival;
    try {
      authorise(headers.authorization);
      if (route === undefined)
        throw new StripeError(404, `Unrecognized request URL (${arrival.method}: ${path}).`);
      const limited = this.#rates.exceeded(`${route.method} ${route.path}`);
      if (limited !== undefined) {
        return {
          ...refusal(429, 1),
          headers: { 'retry-after': '1', 'stripe-rate-limited-reason': limited },
        };
      }
      const params = parseFields(form, route.fields);
      if (key === undefined) return await this.#execute(arrival, route, params, slowMs, failed);
      const saved = this.#keys.recall(key, path, rawForm);
      if (saved !== undefined) return replay(saved);
      this.#keys.begin(key, path, rawForm);
      const answer = await this.#execute(arrival, route, params, slowMs, failed);
      if (answer.status === 429) this.#keys.forget(key);
      else
        this.#keys.save(key, {
          status: answer.status,
          body: answer.body,
          requestId: arrival.requestId,
        });
      return answer;
    } catch (cause) {
      if (!(cause instanceof StripeError)) throw cause;
      return failure(cause, cause.status === 409 ? { 'stripe-should-retry': 'true' } : {});
    }
  }

  async #execute(
    { ids, path, method, requestId, key }: Arrival,
    route: Route,
    params: Readonly<Record<string, unknown>>,
    slowMs: number,
    failed: { readonly done: boolean } | undefined,
  ): Promise<Answer> {
    const world = this.#world;
    const object = method === 'GET' ? undefined : ids[0];
    if (object !== undefined && this.#locked.has(object)) {
      const error = new StripeError(
        429,
        'This object cannot be accessed right now because another API request or Stripe process is currently accessing it.',
        { code: 'lock_timeout' },
      );
      return failure(error, { 'stripe-should-retry': 'true' });
    }
    if (slowMs > 0) {
      if (object !== undefined) this.#locked.add(object);
      await world.clock.sleep(slowMs);
      if (object !== undefined) this.#locked.delete(object);
    }
    if (failed?.done === false) return broken();
    world.request = { id: requestId, idempotency_key: key ?? null };
    try {
      advanceDrafts(world);
      const body = JSON.stringify(route.execute({ world, params, ids }), null, 2);
      return failed === undefined ? { status: 200, body } : broken();
    } catch (cause) {
      if (!(cause instanceof StripeError))
        throw new Error(`${method} ${path} broke the fake`, { cause });
      return failure(cause);
    } finally {
      world.request = { id: null, idempotency_key: null };
    }
  }
}

function broken(): Answer {
  const error = new StripeError(500, 'An unknown error occurred', { type: 'api_error' });
  // "we expect the stripe-should-retry header to be false in most cases when a 500 is returned"
  return failure(error, { 'stripe-should-retry': 'false' });
}

function replay({ status, body, requestId }: Saved): Answer {
  const headers = { 'idempotent-replayed': 'true', 'original-request': requestId };
  return {
    status,
    body,
    headers: status >= 500 ? { ...headers, 'stripe-should-retry': 'false' } : headers,
  };
}

function authorise(header: string | undefined): void {
  const key = /^(?:Bearer|Basic) (\S+)$/.exec(header ?? '')?.[1];
  if (key === undefined) {
    throw new StripeError(
      401,
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (!/^(sk|rk)_test_/.test(key)) {
    throw new StripeError(401, `Invalid API Key provided: ${key.slice(0, 8)}****`, {
      code: 'api_key_invalid',
    });
  }
}
