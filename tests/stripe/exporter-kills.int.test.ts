/** The exporter as a process that is killed with SIGKILL, again and again, in the middle of its requests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { startStripe } from '@tollgate/simulator/stripe/start.ts';
import { expect, it } from 'vitest';
import { StripeHouse } from './export-house.ts';
import { USD } from './export-scenarios.ts';
import { outcomeOf } from './stripe-outcome.ts';

const MAIN = fileURLToPath(new URL('./exporter-child-main.ts', import.meta.url));
/** Counted over all processes; every one of them in the whole matrix. */
const KILLED_AT =
  process.env['TOLLGATE_STRIPE_MATRIX'] === 'all'
    ? [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14]
    : [2, 4, 7];

it('exactly one invoice at Stripe is left by processes that are killed in its making', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-stripe-'));
  const path = join(folder, 'ledger.db');
  const stripe = await startStripe();
  // What a killed process has asked for is carried out after its death.
  for (const request of KILLED_AT) stripe.faults.add({ request, fault: { kind: 'slow', ms: 60 } });
  const house = await StripeHouse.open(USD);
  const ledger = await openSqliteLedger({ path });
  for (const { stream, revision, ...event } of house.house.ledger.events) {
    await ledger.append(stream, revision === 0n ? 'no_stream' : revision - 1n, [event]);
  }
  let child: ChildProcess | undefined;
  try {
    for (const request of [...KILLED_AT, Number.POSITIVE_INFINITY]) {
      child = spawn(process.execPath, [MAIN, path, stripe.url], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const exited = once(child, 'exit');
      while (stripe.requests.length < request && !isSent()) await sleep(5);
      if (Number.isFinite(request)) expect(isSent()).toBe(false);
      else await told();
      child.kill('SIGKILL');
      await exited;
    }
    expect(outcomeOf({ stripe, house: house.house })).toEqual({ ...USD.outcome, done: null });
  } finally {
    child?.kill('SIGKILL');
    await Promise.all([stripe.stop(), house.close(), ledger.close()]);
    await rm(folder, { recursive: true });
  }

  function isSent(): boolean {
    return stripe.state().events.some(({ type }) => type === 'invoice.sent');
  }

  /** The ledger says what Stripe has. */
  async function told(): Promise<void> {
    for (;;) {
      const events = await ledger.read('invoice_export-inv_1');
      if (events.some(({ type }) => type === 'ExportSent')) return;
      await sleep(10);
    }
  }
});
