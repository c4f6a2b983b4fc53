/**
 * Browsers (the Fetch standard, CORS). Pages of other sites may call this gateway only if the
 * configuration lists their origin in `cors_origins`; by default none may.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What SDKs read of an answer. */
const EXPOSED = [
  ...['call-id', 'cost', 'provider', 'model', 'attempts', 'budget-remaining', 'overhead-us'].map(
    (name) => `x-tollgate-${name}`,
  ),
  ...[
    'x-request-id',
    'x-should-retry',
    'retry-after',
    'retry-after-ms',
    'openai-processing-ms',
    'idempotent-replayed',
  ],
].join(', ');
const HEADER_NAMES = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,4096}$/;
/** A browser asks again after this, s. */
const MAX_AGE = '600';

export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** Adds to every answer what a browser asks for. Without origins nothing is added. */
  addTo(app: FastifyInstance): void {
    if (this.#origins.size === 0) return;
    app.addHook('onRequest', (request, reply, done) => {
      const origin = this.#allowed(request);
      // On the raw response: some answers are written without Fastify.
      reply.raw.setHeader('vary', 'Origin');
      if (origin !== null) {
        reply.raw.setHeader('access-control-allow-origin', origin);
        reply.raw.setHeader('access-control-expose-headers', EXPOSED);
      }
      done();
    });
  }

  /** Of an answer to OPTIONS; null: browsers are not served, or not this site. */
  preflight(request: FastifyRequest, allow: string): Record<string, string> | null {
    if (request.method !== 'OPTIONS' || this.#allowed(request) === null) return null;
    const asked = request.headers['access-control-request-headers'];
    return {
      allow,
      'access-control-allow-methods': allow,
      'access-control-max-age': MAX_AGE,
      ...(typeof asked === 'string' && HEADER_NAMES.test(asked)
        ? { 'access-control-allow-headers': asked }
        : {}),
    };
  }

  #allowed({ headers }: FastifyRequest): string | null {
    const { origin } = headers;
    if (origin === undefined) return null;
    return this.#origins.has('*') || this.#origins.has(origin) ? origin : null;
  }
}
