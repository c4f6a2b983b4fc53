/** A call that is admitted, understood and routed. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Place } from '../call/in-flight.ts';
import type { CallFacts } from '../call/refusal.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import type { Deployment } from '../routing/deployments.ts';

export type RoutedCall = {
  facts: CallFacts & { request: CallRequest };
  route: readonly Deployment[];
  headers: IncomingHttpHeaders;
  reply: FastifyReply;
  place: Place;
};
