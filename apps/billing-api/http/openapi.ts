/** The OpenAPI 3.1 document and the readable page, both from the declared routes. */
import { z } from 'zod';
import { PAYMENT_WEBHOOKS_PATH } from '../payments/webhook-route.ts';
import { errorCatalogue } from './errors.ts';
import type { ApiRoute } from './route.ts';

type Json = Record<string, unknown>;

export function openApiDocument(routes: readonly ApiRoute[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = path;
  }
  paths[PAYMENT_WEBHOOKS_PATH] = { post: paymentWebhooks() };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollgate billing API',
      version: '1',
      description: 'Customers, keys, budgets, prices, usage, periods, snapshots and invoices.',
    },
    components: {
      securitySchemes: {
        admin: { type: 'http', scheme: 'bearer' },
        key: { type: 'http', scheme: 'bearer', description: 'A virtual key.' },
      },
    },
    security: [{ admin: [] }],
    paths,
  };
}

/** Served where the configuration has `payments.stripe.webhook_secret`: the signature is all that it takes. */
function paymentWebhooks(): Json {
  const { status, title } = errorCatalogue.webhook_not_signed;
  return {
    operationId: 'takePaymentWebhook',
    tags: ['Billing'],
    summary: 'Take what Stripe says of payments, in a webhook',
    description:
      'Signed by Stripe over the bytes of the body. What is repeated, late or about other objects is ' +
      'answered with 200. Without `payments.stripe.webhook_secret` it is not served.',
    security: [],
    parameters: [
      { name: 'stripe-signature', in: 'header', required: true, schema: { type: 'string' } },
    ],
    requestBody: { required: true, content: { 'application/json': { schema: {} } } },
    responses: {
      200: { description: 'Success', content: { 'application/json': { schema: RECEIVED } } },
      [status]: {
        description: `webhook_not_signed: ${title}`,
        content: { 'application/problem+json': {} },
      },
    },
  };
}

const RECEIVED = {
  type: 'object',
  properties: { received: { type: 'boolean' } },
  required: ['received'],
};

function operationOf(route: ApiRoute): Json {
  const refused = route.auth === 'key' ? 'invalid_key' : 'invalid_token';
  const errors = [...new Set([...route.errors, refused, 'invalid_request'] as const)];
  const responses: Record<string, Json> = {
    [route.status]: {
      description: 'Success',
      content: contentOf(route),
    },
  };
  for (const code of errors) {
    const { status, title } = errorCatalogue[code];
    const before = responses[status]?.['description'];
    const description = before === undefined ? `${code}: ${title}` : `${before}\n${code}: ${title}`;
    responses[status] = { description, content: { 'application/problem+json': {} } };
  }
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.auth === 'key' ? { security: [{ key: [] }] } : {}),
    parameters: [...parametersOf(route, 'path'), ...parametersOf(route, 'query')],
    ...bodyOf(route),
    responses,
  };
}

function contentOf({ downloads, response }: ApiRoute): Json {
  if (downloads === undefined)
    return { 'application/json': { schema: schemaOf(response, 'output') } };
  return Object.fromEntries(downloads.map((type) => [type, {}]));
}

function bodyOf(route: ApiRoute): Json {
  if (route.body === null) return {};
  const schema = schemaOf(route.body, 'input');
  const types = route.mediaTypes ?? ['application/json'];
  const content = Object.fromEntries(types.map((type) => [type, { schema }]));
  return { requestBody: { required: true, content } };
}

function parametersOf(route: ApiRoute, place: 'path' | 'query'): Json[] {
  const schema = schemaOf(place === 'path' ? route.params : route.query, 'input');
  const properties = (schema['properties'] ?? {}) as Record<string, Json>;
  const required = new Set((schema['required'] ?? []) as string[]);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
}

/** A page without scripts, which loads nothing from other servers. */
export function docsPage(routes: readonly ApiRoute[]): string {
  const sections = routes.map(
    (route) => `<section id="${route.operationId}">
<h2><code>${route.method} ${escapeHtml(route.path)}</code></h2>
<p>${escapeHtml(route.summary)}. ${escapeHtml(route.description ?? '')}</p>
${route.body === null ? '' : block('Body', schemaOf(route.body, 'input'))}
${block('Query', schemaOf(route.query, 'input'))}${answerOf(route)}
<p>Errors: ${route.errors.map((code) => `<a href="#error-${code}">${code}</a>`).join(', ')}</p>
</section>`,
  );
  const errors = Object.entries(errorCatalogue).map(
    ([code, { status, title, action }]) =>
      `<dt id="error-${code}"><code>${code}</code> ${status}</dt>
<dd>${escapeHtml(title)} ${escapeHtml(action)}</dd>`,
  );
  const links = routes.map(
    ({ operationId, method, path }) =>
      `<li><a href="#${operationId}"><code>${method} ${escapeHtml(path)}</code></a></li>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Tollgate billing API</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}
pre{background:#f4f4f4;padding:.5rem;overflow:auto}dt{margin-top:1rem}</style></head><body>
<h1>Tollgate billing API</h1>
<p>Authorize with <code>Authorization: Bearer &lt;admin token&gt;</code>. POST takes an
<code>Idempotency-Key</code>. The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
<ul>${links.join('')}</ul>${sections.join('')}<h2>Errors</h2><dl>${errors.join('')}</dl>
</body></html>`;
}

function answerOf({ downloads, response }: ApiRoute): string {
  if (downloads === undefined) return block('Answer', schemaOf(response, 'output'));
  return `<h3>Answer</h3><p>A file: ${downloads.map(escapeHtml).join(', ')}. A signed link opens it too.</p>`;
}

function block(title: string, schema: Json): string {
  const properties = schema['properties'] as Json | undefined;
  if (properties !== undefined && Object.keys(properties).length === 0) return '';
  return `<h3>${title}</h3><pre>${escapeHtml(JSON.stringify(schema, null, 1))}</pre>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
