/** The path of payment webhooks alone, on a server of its own. */
import type { ReadNotice } from '@tollgate/adapters/payments/stripe-webhook.ts';
import fastify, { type FastifyInstance } from 'fastify';
import type { ApiContext } from '../../context.ts';
import { answerErrors } from '../../http/answer-errors.ts';
import { apiLimits } from '../../limits.ts';
import { addPaymentWebhooks } from '../webhook-route.ts';

export function webhookApp(
  stores: Pick<ApiContext, 'ledger' | 'exports' | 'clock'>,
  readNotice: ReadNotice,
): FastifyInstance {
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  answerErrors(app, { onError: () => undefined });
  addPaymentWebhooks(app, { ...stores, limits: apiLimits }, readNotice, () => undefined);
  return app;
}
