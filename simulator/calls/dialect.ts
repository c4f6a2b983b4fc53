/**
 * A dialect: its endpoints, how a client authorises itself, and its errors. All dialects share the
 * plan of what a call uses, the knobs and the bill.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ApiError } from '../http/openai-error.ts';
import type { Knobs } from '../knobs/knobs.ts';
import type { Model, ServiceTier } from '../price-table.ts';
import type { Usage } from '../pricing/cost.ts';
import type { Attempt } from './attempt.ts';
import type { EventWriter, Generated, Generation } from './stream-answer.ts';

export type Json = Readonly<Record<string, unknown>>;

export type Dialect = {
  /** @throws ApiError for a request without a key, or without what else every request has */
  authorise(request: IncomingMessage, url: URL): void;
  /** Where its clients look for the id of a request, besides `x-request-id`. */
  readonly requestIdHeader?: string;
  /** The whole body of an error. */
  errorBody(error: ApiError, requestId: string): string;
};

/** One request to a paid endpoint, read whole. */
export type IncomingCall = {
  readonly body: Json;
  readonly bodyBytes: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  /** What the path has in its variable place, decoded; empty where it has none. */
  readonly pathId: string;
};

/** Generated after its request was answered; it can be cancelled until it is over. */
export type Job = {
  readonly cancelled: AbortSignal;
  /** Called once, after its charge is durable. */
  end(how: JobEnding, generated: Generated): void;
};

export type JobEnding = 'completed' | 'failed' | 'cancelled';

export type Answer =
  | { readonly kind: 'json'; readonly body: () => string }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly body: () => Buffer }
  | { readonly kind: 'background'; readonly accepted: string; readonly job: Job }
  | { readonly kind: 'stream'; readonly generation: Generation; readonly writer: EventWriter };

/** What a request asks for, valid and not yet planned. */
export type ReadCall = {
  readonly model: Model;
  /** As the request has them; the global ones are added when it is known to be valid. */
  readonly serviceTier?: ServiceTier | undefined;
  readonly streams: boolean;
  /** @throws ApiError for knobs that contradict the request */
  plan(knobs: Knobs): { readonly usage: Usage; answer(attempt: Attempt): Answer };
};

/** An endpoint whose answers are charged. */
export type PaidEndpoint = {
  /** In the bill. */
  readonly name: string;
  /** The provider's bill does not tell reasoning from other output. */
  readonly reasoningIsOutput?: boolean;
  /** Its body may be a form. */
  readonly takesForms?: boolean;
  /** Where the request may have knobs, besides its headers. */
  knobsIn(body: Json): unknown;
  /** @throws ApiError for what the provider refuses */
  read(call: IncomingCall): ReadCall;
};

/** An endpoint that charges nothing. */
export type FreeEndpoint = {
  answer(request: IncomingMessage, response: ServerResponse, pathId: string): Promise<void> | void;
};

export type Found =
  | { readonly dialect: Dialect; readonly paid: PaidEndpoint; readonly pathId: string }
  | { readonly dialect: Dialect; readonly free: FreeEndpoint; readonly pathId: string };
