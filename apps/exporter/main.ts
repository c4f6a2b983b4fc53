/** Starts the exporter as a process of its own; any number of them may run. */
import { paymentSettings } from '@tollgate/adapters/config/payment-settings.ts';
import { readProcessSettings } from '@tollgate/adapters/config/process-arguments.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import { logUncaught } from '@tollgate/adapters/process/log-uncaught.ts';
import { cannotRun, supervised } from '@tollgate/adapters/process/supervised.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { openHealth } from './health.ts';
import { exporterLimits } from './limits.ts';
import { openExporter } from './open-exporter.ts';

const { config, data, host, port } = readProcessSettings(
  'apps/exporter/main.ts',
  'Exports invoices to the payment system that `payments` of the configuration names; port: /healthz\n(default: none).',
);
const logger = createJsonLogger('exporter');
logUncaught(logger);
const settings =
  paymentSettings(config, process.env) ?? (await cannotRun('there is no payments.stripe'));
const ledger = await openLedger({ config, data, logger });
const exporter = await openExporter({
  ...{ ledger, settings, logger, invoicing: config.invoicing },
});
const health = port === undefined ? null : await openHealth({ host, port });
const child = supervised({
  drainTimeoutMs: exporterLimits.drainTimeoutMs,
  name: 'exporter',
  families: async () => [],
  onStop: async () => {
    await exporter.stop();
    await health?.close();
    await ledger.close();
  },
});
logger.info({}, 'the exporter runs');
child.ready({ url: health?.url ?? '' });
