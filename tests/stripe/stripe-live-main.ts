/**
 * `npm run test:stripe-live`: one invoice to Stripe itself, in its test mode: exported, read back, and void
 * again. With a key in STRIPE_TEST_SECRET_KEY; without one it says that it did not run.
 */
import { parseArgs } from 'node:util';
import { openStripe, STRIPE_API_VERSION } from '@tollgate/adapters/payments/stripe-payments.ts';
import { ExporterHouse } from '@tollgate/exporter/testing/exporter-house.ts';
import Stripe from 'stripe';

const { values } = parseArgs({ options: { url: { type: 'string' } } });
const secretKey = process.env['STRIPE_TEST_SECRET_KEY'];
if (secretKey === undefined || secretKey === '') {
  console.log('SKIPPED: STRIPE_TEST_SECRET_KEY is not set; nothing was sent to Stripe.');
  process.exit(0);
}
if (!/^(?:sk|rk)_test_/.test(secretKey)) {
  console.error('STRIPE_TEST_SECRET_KEY is no key of the test mode: nothing was sent to Stripe.');
  process.exit(2);
}

/** In cents. */
const AMOUNTS = [1_999, 501];
const TOTAL = 2_500;

const target = values.url === undefined ? {} : { baseUrl: values.url };
const house = new ExporterHouse(openStripe({ secretKey, ...target }));
house.nowMs = Date.now();
// Exports of earlier runs are found again by their ids.
const id = `inv_live${house.nowMs.toString(36)}`;
const { hostname, port } = new URL(values.url ?? 'https://api.stripe.com');
const there = new Stripe(secretKey, {
  ...{ apiVersion: STRIPE_API_VERSION, telemetry: false },
  ...(values.url === undefined ? {} : { host: hostname, port, protocol: 'http' as const }),
});

async function exported(status: string): Promise<boolean> {
  const { draft, stopped, failure } = await house.exportAll(house.exporter('run_live'), { id });
  if (draft === null || stopped !== null) {
    console.error('The export did not come to its end:', stopped ?? failure);
    return false;
  }
  const invoice = await there.invoices.retrieve(draft);
  const agrees = invoice.status === status && invoice.total === TOTAL && invoice.currency === 'eur';
  console.log(`${draft}: ${invoice.status}, ${invoice.total} ${invoice.currency}`);
  if (!agrees) console.error(`It should be ${status}, ${TOTAL} eur.`);
  return agrees;
}

await house.issue(AMOUNTS, { id, currency: 'EUR' });
let agrees = await exported('open');
if (agrees) {
  await house.credit('crn_live', null, TOTAL, id);
  agrees = await exported('void');
}
if (agrees) console.log('Stripe has the invoice once, with our total, and void after its credit.');
process.exit(agrees ? 0 : 1);
