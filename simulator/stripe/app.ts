/**
 * The fake Stripe as an HTTP server, without listening. It speaks the form-encoded API in the pinned
 * version to the official client, and keeps its state in memory.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Api, refusal } from './api.ts';
import type { StripeClock } from './clock.ts';
import { fakeLimits } from './limits.ts';
import { meterRoutes } from './meter-routes.ts';
import { Meters } from './meters.ts';
import { creditNoteRoutes } from './objects/credit-note-routes.ts';
import { balanceRoutes, customerRoutes } from './objects/customer-routes.ts';
import { invoiceRoutes } from './objects/invoice-routes.ts';
import { itemRoutes, lineRoutes } from './objects/line-routes.ts';
import { API_VERSION } from './objects/views.ts';
import { type Settings, World } from './objects/world.ts';
import { eventRoutes, webhookRoutes } from './webhook-routes.ts';
import { Webhooks } from './webhooks.ts';
import { Faults } from './wire/faults.ts';
import { IdempotencyKeys } from './wire/idempotency.ts';
import { RateLimits, type Rates } from './wire/rate-limits.ts';

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
  readonly meters: Meters;
  readonly faults: Faults;
  readonly requests: readonly RequestRecord[];
}

export function buildStripe(options: StripeFakeOptions): StripeApp {
  const world = new World(options.clock, options.settings);
  const webhooks = new Webhooks(world);
  const meters = new Meters(world);
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
    ...meterRoutes(meters),
  ];
  const api = new Api(world, meters, keys, rates, routes);
  const requests: RequestRecord[] = [];
  const server = createServer(
    { headersTimeout: fakeLimits.headersTimeoutMs, requestTimeout: fakeLimits.bodyTimeoutMs },
    (request, response) => {
      serve(api, faults, requests, request, response).catch((cause: unknown) => {
        response.destroy(cause instanceof Error ? cause : new Error(String(cause)));
      });
    },
  );
  return { server, world, webhooks, meters, faults, requests };
}

async function serve(
  api: Api,
  faults: Faults,
  requests: RequestRecord[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrival = api.arrive(request, await bodyOf(request));
  const { method, path, form, key, requestId } = arrival;
  const route = `${method} ${arrival.route?.path ?? path}`;
  const { number, fault } = faults.next(route);
  const record: RequestRecord = {
    ...{ number, method, path, route, form, idempotencyKey: key },
    ...{ fault: fault?.kind, status: 0, replayed: false },
  };
  requests.push(record);
  if (requests.length > fakeLimits.requestsKeptMax) requests.shift();
  if (fault?.kind === 'lost_request') return lose(response, fault.how);
  const answer = await (fault?.kind === 'refused'
    ? refusal(fault.status, fault.retryAfterS)
    : api.answer(arrival, request.headers, fault));
  record.status = answer.status;
  record.replayed = answer.headers?.['idempotent-replayed'] === 'true';
  if (fault?.kind === 'lost_response') return lose(response, fault.how);
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

function lose(response: ServerResponse, how: 'closed' | 'garbled' = 'closed'): void {
  if (how === 'garbled') response.socket?.write('\u0000');
  response.destroy();
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
