/**
 * An exporter as a process, to be killed: on the ledger in the file and the Stripe at the URL that it is
 * given. It takes over a step of a dead one within a second, where the product waits for half a minute.
 */
import { randomBytes } from 'node:crypto';
import { checkedLedger } from '@tollgate/adapters/ledger/checked-ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openStripe } from '@tollgate/adapters/payments/stripe-payments.ts';
import { ExportIndex } from '@tollgate/billing-api/payments/export-index.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { startExporter } from '@tollgate/exporter/exporter.ts';
import { exporterLimits } from '@tollgate/exporter/limits.ts';
import { POLICY } from '@tollgate/exporter/testing/exporter-house.ts';

const [path = '', baseUrl = ''] = process.argv.slice(2);
const onError = (message: string, cause: unknown): void => console.error(message, cause);
const ledger = checkedLedger(await openSqliteLedger({ path }));
const retryMs = { first: 20, max: 20 };
const index = new ExportIndex({ ledger, retryMs, onLost: (cause) => onError('lost', cause) });
await index.start();
startExporter({
  ...{ ledger, index, onError, policy: POLICY, automaticSinceMs: null },
  paidCredits: 'customer_balance',
  limits: {
    ...exporterLimits,
    ...{ exportClaimMs: 400, exportPollMs: 20, exportRetryFirstMs: 20, exportRetryMaxMs: 100 },
  },
  payments: openStripe({ secretKey: 'sk_test_fake', baseUrl }),
  runId: makeId('run', Date.now(), randomBytes(10)),
  clock: Date.now,
  random: Math.random,
});
