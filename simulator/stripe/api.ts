/**
 * What Stripe does to a request: authorise, limit, check the parameters, look up the idempotency key,
 * execute, save, answer. What is refused before its execution is not saved; all that is answered after
 * it has begun is, a 500 and a lock that timed out too.
 */
import type { IncomingMessage } from 'node:http';
import { checkSession } from './meter-routes.ts';
import type { Meters } from './meters.ts';
import { advanceDrafts } from './objects/lifecycle.ts';
import type { World } from './objects/world.ts';
import type { Fault } from './wire/faults.ts';
import { formOfJson, parseForm } from './wire/form.ts';
import type { IdempotencyKeys, Saved } from './wire/idempotency.ts';
import { parseFields } from './wire/params.ts';
import type { RateLimits } from './wire/rate-limits.ts';
import type { Route } from './wire/route.ts';
import { StripeError } from './wire/stripe-error.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly route: Route | undefined;
  readonly ids: readonly string[];
  /** The query of a GET, the body of all else, as it was sent. */
  readonly form: string;
  readonly key: string | undefined;
  readonly requestId: string;
}

type Params = Readonly<Record<string, unknown>>;

const ADVICE = 'stripe-should-retry';

export class Api {
  readonly #world: World;
  readonly #meters: Meters;
  readonly #keys: IdempotencyKeys;
  readonly #rates: RateLimits;
  readonly #routes: readonly { readonly route: Route; readonly pattern: RegExp }[];
  /** Objects that a slow request holds: another one is told of the lock. */
  readonly #locked = new Set<string>();

  constructor(
    world: World,
    meters: Meters,
    keys: IdempotencyKeys,
    rates: RateLimits,
    routes: readonly Route[],
  ) {
    this.#world = world;
    this.#meters = meters;
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
    const form = method === 'POST' ? body : at < 0 ? '' : url.slice(at + 1);
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
      form,
      key: key as string | undefined,
      requestId,
    };
  }

  async answer(
    arrival: Arrival,
    headers: IncomingMessage['headers'],
    fault: Fault | undefined,
  ): Promise<Answer> {
    const { key, method, route, path, form } = arrival;
    try {
      checkSession(this.#meters, path, authorise(headers.authorization));
      if (route === undefined) {
        throw new StripeError(404, `Unrecognized request URL (${method}: ${path}).`);
      }
      const limited = this.#rates.exceeded(`${route.method} ${route.path}`);
      if (limited !== undefined) return refusal(429, 1, { 'stripe-rate-limited-reason': limited });
      const isJson = method === 'POST' && path.startsWith('/v2/');
      const params = parseFields(isJson ? formOfJson(form) : parseForm(form), route.fields);
      if (key === undefined) return await this.#execute(arrival, route, params, fault);
      const saved = this.#keys.recall(key, path, form);
      if (saved !== undefined) return replay(saved);
      this.#keys.begin(key, path, form);
      const { status, body } = await this.#execute(arrival, route, params, fault);
      this.#keys.save(key, { status, body, requestId: arrival.requestId });
      return { status, body, headers: status < 500 ? {} : { [ADVICE]: 'false' } };
    } catch (cause) {
      if (!(cause instanceof StripeError)) throw cause;
      return failure(cause, cause.status === 409 ? { [ADVICE]: 'true' } : {});
    }
  }

  async #execute(
    { ids, path, method, requestId, key }: Arrival,
    route: Route,
    params: Params,
    fault: Fault | undefined,
  ): Promise<Answer> {
    const world = this.#world;
    const object = method === 'GET' ? undefined : ids[0];
    const isHeld = object !== undefined && this.#locked.has(object);
    if (isHeld || fault?.kind === 'locked') return failure(lockTimeout());
    if (fault?.kind === 'slow') await this.#hold(object, fault.ms);
    if (fault?.kind === 'failed' && !fault.done) return failure(unknownError(500));
    world.request = { id: requestId, idempotency_key: key ?? null };
    try {
      advanceDrafts(world);
      const body = JSON.stringify(route.execute({ world, params, ids }), null, 2);
      return fault?.kind === 'failed' ? failure(unknownError(500)) : { status: 200, body };
    } catch (cause) {
      if (cause instanceof StripeError) return failure(cause);
      throw new Error(`${method} ${path} broke the fake`, { cause });
    } finally {
      world.request = { id: null, idempotency_key: null };
    }
  }

  async #hold(object: string | undefined, ms: number): Promise<void> {
    if (object !== undefined) this.#locked.add(object);
    await this.#world.clock.sleep(ms);
    if (object !== undefined) this.#locked.delete(object);
  }
}

/** As of a limiter or a front that fails: no work is begun. */
export function refusal(
  status: number,
  retryAfterS: number | undefined,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const error = status === 429 ? rateLimited() : unknownError(status);
  if (retryAfterS === undefined) return failure(error, headers);
  return failure(error, { ...headers, 'retry-after': String(retryAfterS) });
}

function failure(error: StripeError, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: error.status, body: JSON.stringify(error.body()), headers };
}

function replay({ status, body, requestId }: Saved): Answer {
  const headers = { 'idempotent-replayed': 'true', 'original-request': requestId };
  return { status, body, headers: status < 500 ? headers : { ...headers, [ADVICE]: 'false' } };
}

function rateLimited(): StripeError {
  const message =
    'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.';
  return new StripeError(429, message, { code: 'rate_limit' });
}

function lockTimeout(): StripeError {
  const message =
    'This object cannot be accessed right now because another API request or Stripe process is currently accessing it.';
  return new StripeError(429, message, { code: 'lock_timeout' });
}

function unknownError(status: number): StripeError {
  return new StripeError(status, 'An unknown error occurred', { type: 'api_error' });
}

/** @returns the key */
function authorise(header: string | undefined): string {
  const key = /^(?:Bearer|Basic) (\S+)$/.exec(header ?? '')?.[1];
  if (key === undefined) {
    const message =
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";
    throw new StripeError(401, message);
  }
  if (/^(sk|rk|sess)_test_/.test(key)) return key;
  const code = 'api_key_invalid';
  throw new StripeError(401, `Invalid API Key provided: ${key.slice(0, 8)}****`, { code });
}
