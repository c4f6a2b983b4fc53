/**
 * A route is declared as data: schemas of everything that goes in and out, and one handler. The
 * server and the OpenAPI document are both made from the declaration, so they cannot differ.
 */
import type { IdPrefix } from '@tollgate/domain/ids/ids.ts';
import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import type { ErrorCode } from './errors.ts';

const nothing = z.strictObject({});
type Nothing = typeof nothing;

export type ApiRequest<P, Q, B> = {
  params: P;
  query: Q;
  body: B;
  /** In lower case, without parameters; null if there was no body. */
  mediaType: string | null;
  /** When the request first came in, Unix ms. A repetition under the same `Idempotency-Key` has
   * the same time. */
  timeMs: number;
  /** Names the command; a repetition has the same name. Ledger event ids are derived from it. */
  commandId: string;
  /**
   * For a secret: a repetition gets the same bytes for the same label for a day. Null: it comes too
   * late, and nobody can work them out any more (I12).
   */
  secretBytes(label: string, length: number): Uint8Array | null;
  /**
   * Random bytes that need not stay secret; a repetition gets the same bytes for the same label.
   */
  random(label: string, length: number): Uint8Array;
  /** A new id; a repetition gets the same one. Make at most one of each prefix per request. */
  newId(prefix: IdPrefix): string;
  /** Aborted when the client has left before its answer. */
  signal: AbortSignal;
  /** Of the virtual key that asked, where the route is for such; else null. */
  keyId: string | null;
  /** Writes to the server's log. No bodies, no secrets (I12). */
  warn(fields: Record<string, string | number>, message: string): void;
};

/** A request before its body is parsed. */
export type BodyRequest = {
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[];
  /** In lower case, without parameters; null if there was none. */
  mediaType: string | null;
  /** Parses the body; undefined if it is empty. @throws ApiProblem */
  json(): unknown;
};

type InputOf<S extends z.ZodType> = z.output<S>;

/** An answer that is a file. It is made as it is read: a slow reader makes it slow, and no larger. */
export type Download = {
  /** Media type, with its charset. */
  type: string;
  filename: string;
  body: AsyncIterable<Uint8Array | string> | Uint8Array | string;
  /** Whether it gets smaller by gzip, for those who take that. */
  compressible: boolean;
};

/** The response of a route whose handler returns a `Download`. */
export const download = z.custom<Download>();

export type ApiRoute<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> = {
  operationId: string;
  method: 'GET' | 'POST' | 'PATCH';
  /** With parameters in braces: `/v1/customers/{customer_id}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** Who may ask: the bearer of an admin token (default), or of any virtual key. */
  auth?: 'admin' | 'key';
  params: P;
  query: Q;
  /** Null: the route takes no body. */
  body: B | null;
  /** Default: only `application/json`. */
  mediaTypes?: readonly string[];
  /** Makes the body where headers are a part of it, and says which media type it then has. */
  bodyOf?(request: BodyRequest): { body: unknown; mediaType: string | null };
  /** A POST that changes nothing needs no protection from repetition: its key is ignored. */
  readOnly?: boolean;
  /**
   * Media types of a file, if the answer is one: the response is `download`. A signed link opens it as
   * well as a token (links/README.md).
   */
  downloads?: readonly string[];
  status: 200 | 201 | 202;
  response: R;
  /** Codes that the handler may answer with, besides those that every route has. */
  errors: readonly ErrorCode[];
  /**
   * The part of an answer that may be stored for repetitions, where an answer has a secret (I12).
   */
  withoutSecrets?(answer: z.input<R>): z.input<R>;
  /** Makes the answer to a repetition from the stored one. */
  restore?(
    stored: z.input<R>,
    request: ApiRequest<InputOf<P>, InputOf<Q>, InputOf<B>>,
    context: ApiContext,
  ): z.input<R>;
  /** @throws ApiProblem */
  handler(
    request: ApiRequest<InputOf<P>, InputOf<Q>, InputOf<B>>,
    context: ApiContext,
  ): Promise<z.input<R>>;
};

type Declaration<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
> = Omit<ApiRoute<P, Q, B, R>, 'params' | 'query' | 'body'> & {
  params?: P;
  query?: Q;
  body?: B;
};

/**
 * Declares a route. If `params`, `query` or `body` is left out, it may have no fields.
 *
 * A POST can be repeated under an `Idempotency-Key` without further code if its handler takes time,
 * ids and randomness from the request only, and derives the ids of its appends from `commandId`.
 */
export function defineRoute<
  R extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(declaration: Declaration<P, Q, B, R>): ApiRoute {
  return {
    ...declaration,
    params: declaration.params ?? nothing,
    query: declaration.query ?? nothing,
    body: declaration.body ?? null,
  };
}
