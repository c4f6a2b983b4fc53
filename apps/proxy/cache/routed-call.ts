/** A call that is admitted, understood and routed. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Aim } from '../call/aim.ts';
import type { Place } from '../call/in-flight.ts';
import type { InnerCalls } from '../call/inner-call.ts';
import type { CallFacts } from '../call/refusal.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';

export type RoutedCall = {
  facts: CallFacts & { request: CallRequest };
  /** Where it goes. */
  aim: Aim;
  /** The same as of `facts.nowMs`, which has moved on. */
  again: () => Aim | Refusal;
  /** Asks for what this one needs. */
  inner: InnerCalls;
  headers: IncomingHttpHeaders;
  reply: FastifyReply;
  place: Place;
};
