/** The documents about the API and about the log's topics, made once from what is declared. */
import { asyncApiDocument } from '@tollgate/schemas/event/asyncapi.ts';
import type { FastifyInstance } from 'fastify';
import { docsPage, openApiDocument } from './openapi.ts';
import type { ApiRoute } from './route.ts';

/** @param topicPrefix of the log's topics where it is on Kafka */
export function addDocsRoutes(
  app: FastifyInstance,
  routes: readonly ApiRoute[],
  topicPrefix: string,
): void {
  const document = JSON.stringify(openApiDocument(routes));
  app.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json').send(document),
  );
  const topics = JSON.stringify(asyncApiDocument(topicPrefix));
  app.get('/asyncapi.json', async (_request, reply) => reply.type('application/json').send(topics));
  app.get('/docs', async (_request, reply) => reply.type('text/html').send(docsPage(routes)));
}
