/** The run against Stripe itself, against the fake: so that it works when somebody has a key for it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startStripe } from '@tollgate/simulator/stripe/start.ts';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, 'stripe-live-main.ts');

it('exports one invoice, reads it back, and makes it void', async () => {
  const stripe = await startStripe({});
  const env = { ...process.env, STRIPE_TEST_SECRET_KEY: 'sk_test_fake' };
  const child = spawn(process.execPath, [MAIN, '--url', stripe.url], { env });
  const said: string[] = [];
  child.stdout.on('data', (bytes) => said.push(String(bytes)));
  child.stderr.on('data', (bytes) => said.push(String(bytes)));
  const [code] = await once(child, 'close');
  await stripe.stop();
  expect([code, said.join('')]).toEqual([0, expect.stringContaining('void after its credit')]);
});

it('sends nothing without a key, or with one of the live mode', () => {
  const run = (key: string) =>
    spawnSync(process.execPath, [MAIN], {
      env: { ...process.env, STRIPE_TEST_SECRET_KEY: key },
      encoding: 'utf8',
    });
  expect([run('').status, run('').stdout]).toEqual([0, expect.stringContaining('SKIPPED')]);
  expect([run('sk_live_x').status, run('sk_live_x').stderr]).toEqual([
    2,
    expect.stringContaining('no key of the test mode'),
  ]);
});
