/** The paths that this gateway serves: their methods, and which of them another path means. */
import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../errors.ts';

/** By path as Fastify writes it; a path that ends in `/*` is the beginning of others. */
export class ServedPaths {
  readonly #methods = new Map<string, Set<string>>();

  add(path: string, method: string): void {
    const methods = this.#methods.get(path) ?? new Set(['OPTIONS']);
    methods.add(method);
    // Fastify answers HEAD where it answers GET.
    if (method === 'GET') methods.add('HEAD');
    this.#methods.set(path, methods);
  }

  /** As in the header `Allow`; null: nothing is served there. */
  allowed(path: string): string | null {
    const exact = this.#methods.get(path);
    if (exact !== undefined) return [...exact].join(', ');
    for (const [served, methods] of this.#methods) {
      const start = served.endsWith('/*') ? served.slice(0, -1) : null;
      if (start !== null && path.startsWith(start)) return [...methods].join(', ');
      if (served.includes(ID) && isBelow(path, served)) return [...methods].join(', ');
    }
    return null;
  }

  /**
   * The path that a client may have meant: `/v1` is missing or there twice, slashes, case, an escape or
   * another gateway's prefix differ. null: none of ours.
   */
  meant(path: string): string | null {
    const words = `/${decoded(path).toLowerCase().split('/').filter(Boolean).join('/')}`;
    for (const served of this.#methods.keys()) {
      if (served.endsWith('/*') || served.includes(ID)) continue;
      const tail = served.startsWith('/v1/') ? served.slice('/v1'.length) : served;
      if (words.endsWith(tail)) return served;
    }
    return null;
  }
}

/** Where a path has the id of what is asked for. */
const ID = ':id';

function isBelow(path: string, served: string): boolean {
  const [before = '', after = ''] = served.split(ID);
  const id = path.slice(before.length, path.length - after.length);
  return path.startsWith(before) && path.endsWith(after) && id !== '' && !id.includes('/');
}

/** Other interfaces to models, which SDKs may use unless they are told not to. */
const OTHER_INTERFACES = /\/(complete|generate|assistants|threads)\/*$/;
/** Sessions over a socket, and what opens them. */
const REALTIME = /\/realtime(\/|$)/;
/** What a provider would work off later. */
const LATER = /\/(files|batches|uploads)(\/|$)/;
const CHAT = '/v1/chat/completions';

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // It is not one of ours, however it is read.
    return path;
  }
}

/** @param allow the methods of the path; null: it is none of ours */
export function notServed(
  request: FastifyRequest,
  paths: ServedPaths,
  allow: string | null,
): Refusal {
  const path = pathOf(request);
  if (allow !== null) {
    const message = `${path} takes ${allow}, not ${request.method}.`;
    return { code: 'method_not_allowed', message, allow };
  }
  if (REALTIME.test(path)) return { code: 'unknown_endpoint', message: NO_REALTIME };
  if (LATER.test(path)) return { code: 'unknown_endpoint', message: NO_BATCHES };
  const meant = paths.meant(path);
  const isOther = OTHER_INTERFACES.test(path) && paths.allowed(CHAT) !== null;
  const other = isOther ? ` Use the chat completions of your SDK: ${CHAT}.` : '';
  const advice = meant === null ? other : ` Did you mean ${meant}?`;
  const message = `This gateway does not serve ${request.method} ${path}.${advice}`;
  return { code: 'unknown_endpoint', message };
}

const NO_REALTIME =
  'This gateway serves no realtime sessions: what passes over their sockets would be metered by nobody. ' +
  'Speech and transcripts are served at /v1/audio, conversations with audio at /v1/chat/completions.';

const NO_BATCHES =
  'This gateway serves no files and no batches: what a batch uses would be known to no call. Send its lines ' +
  "as calls of their own; with `service_tier: 'flex'` they cost what a batch does, where the provider has it.";

/** Without the query, where clients put secrets by mistake (I12). */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
