import { expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';

it('describes the path that Stripe’s webhooks go to, which asks for a signature and no token', () => {
  const { paths } = openApiDocument([]) as { paths: Record<string, Record<string, object>> };
  expect(paths['/v1/stripe/webhooks']?.['post']).toMatchObject({
    security: [],
    parameters: [{ name: 'stripe-signature', in: 'header', required: true }],
    responses: { 200: {}, 400: { description: expect.stringMatching(/^webhook_not_signed: /) } },
  });
});
