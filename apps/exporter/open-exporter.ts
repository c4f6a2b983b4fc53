/** The exporter on its ledger, as the core process and its own start it. */
import { randomBytes } from 'node:crypto';
import type { PaymentSettings } from '@tollgate/adapters/config/payment-settings.ts';
import { checkedLedger } from '@tollgate/adapters/ledger/checked-ledger.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openStripe } from '@tollgate/adapters/payments/stripe-payments.ts';
import { ExportIndex } from '@tollgate/billing-api/payments/export-index.ts';
import { ID_RANDOM_BYTES, makeId } from '@tollgate/domain/ids/ids.ts';
import type { Invoicing } from '@tollgate/schemas/config/invoicing-config.ts';
import { startExporter } from './exporter.ts';
import { exporterLimits } from './limits.ts';

export type OpenExporter = { stop(): Promise<void> };

/** Resolves when what is due is known. */
export async function openExporter(options: {
  ledger: Ledger;
  settings: PaymentSettings;
  invoicing: Invoicing;
  logger: { error(fields: object, message: string): void };
}): Promise<OpenExporter> {
  const { settings, logger } = options;
  const ledger = checkedLedger(options.ledger);
  const onError = (message: string, err: unknown) => logger.error({ err }, message);
  const index = new ExportIndex({
    ledger,
    retryMs: { first: exporterLimits.exporterRetryFirstMs, max: exporterLimits.exporterRetryMaxMs },
    onLost: (error) => onError('the exporter lost the ledger', error),
  });
  await index.start();
  const running = startExporter({
    ...{ ledger, index, onError, limits: exporterLimits },
    payments: openStripe(settings.stripe),
    ...{ policy: settings.policy, paidCredits: settings.paidCredits, invoicing: options.invoicing },
    automaticSinceMs: settings.automaticSinceMs,
    runId: makeId('run', Date.now(), randomBytes(ID_RANDOM_BYTES)),
    clock: Date.now,
    random: Math.random,
  });
  return {
    async stop() {
      await running.stop();
      await index.stop();
    },
  };
}
