/**
 * POST /v1/stripe/webhooks: what Stripe says of payments. There is no token: the signature says who it is,
 * over the bytes as they came. What is repeated, late, out of order or about other objects is answered with
 * 200, or Stripe would send it for days; only what could not be stored is asked for again.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';
import type { PaymentDeps } from './payment-deps.ts';
import { reopenMetered } from './reopen-metered.ts';
import { reportPayment } from './report-payment.ts';

export const PAYMENT_WEBHOOKS_PATH = '/v1/stripe/webhooks';

/** @param admit as of every other route */
export function addPaymentWebhooks(
  app: FastifyInstance,
  context: Pick<ApiContext, 'limits' | 'ledger' | 'exports' | 'clock'>,
  readNotice: NonNullable<PaymentDeps['readNotice']>,
  admit: (reply: FastifyReply) => void,
): void {
  const { limits, ledger, exports, clock } = context;
  const unavailable = (cause: unknown) => {
    throw new ApiProblem('ledger_unavailable', { cause });
  };
  const reopened = (id: string, createdMs: number) =>
    reopenMetered(ledger, exports.all(), { id, createdMs, nowMs: clock() }).catch(unavailable);
  app.route({
    method: 'POST',
    url: PAYMENT_WEBHOOKS_PATH,
    bodyLimit: limits.paymentWebhookBytesMax,
    onRequest: async (_request, reply) => admit(reply),
    handler: async (request, reply) => {
      const signature = request.headers['stripe-signature'];
      const { body } = request;
      if (typeof signature !== 'string' || !Buffer.isBuffer(body)) {
        throw new ApiProblem('webhook_not_signed');
      }
      const notice = readNotice(body, signature, clock());
      if (notice === null) throw new ApiProblem('webhook_not_signed');
      const { invoice, eventId: sourceId, createdMs: atMs } = notice;
      if (invoice !== null) {
        const { found } = invoice;
        const invoiceId = invoice.invoiceId ?? exports.invoiceOf(found.externalId);
        if (invoiceId !== undefined) {
          const report = { source: 'webhook' as const, sourceId, atMs, invoice: found };
          await reportPayment(ledger, invoiceId, report).catch(unavailable);
        }
      }
      // seam: rejected-usage-reopens
      if (notice.isMeterReport) await reopened(sourceId, atMs);
      return reply.code(200).type('application/json').send('{"received":true}');
    },
  });
}
