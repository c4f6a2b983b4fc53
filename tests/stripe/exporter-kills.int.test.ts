/** The exporter as a process that is killed with SIGKILL, again and again, in the middle of its requests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { type RunningStripe, startStripe } from '@tollgate/simulator/stripe/start.ts';
import { expect, it } from 'vitest';
import { StripeHouse } from './export-house.ts';
import { CREDITED, type Example, USD } from './export-scenarios.ts';
import { outcomeOf } from './stripe-outcome.ts';

const MAIN = fileURLToPath(new URL('./exporter-child-main.ts', import.meta.url));
/** Counted over all processes; every one of them in the whole matrix. */
const KILLED_AT =
  process.env['TOLLGATE_STRIPE_MATRIX'] === 'all'
    ? [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14]
    : [2, 4, 7];

interface Killed {
  readonly name: string;
  readonly example: Example;
  /** Requests in whose course the process is killed. */
  readonly killedAt: readonly number[];
  readonly isThere: (stripe: RunningStripe) => boolean;
  /** The last events of its making. */
  readonly told: { readonly type: string; readonly times: number };
}

const KILLED: readonly Killed[] = [
  {
    ...{ name: 'one invoice', example: USD, killedAt: KILLED_AT },
    isThere: (stripe) => stripe.state().events.some(({ type }) => type === 'invoice.sent'),
    told: { type: 'ExportSent', times: 1 },
  },
  {
    ...{ name: 'each of two credit notes once', example: CREDITED[0] ?? USD, killedAt: [1, 2, 4] },
    isThere: (stripe) => stripe.state().creditNotes.length === 2,
    told: { type: 'ExportCredited', times: 2 },
  },
];

it.each(KILLED)(
  '$name at Stripe is left by processes that are killed in its making',
  async (row) => {
    const { example, killedAt, isThere, told } = row;
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-stripe-'));
    const path = join(folder, 'ledger.db');
    // What a killed process has asked for is carried out after its death.
    const house = await StripeHouse.open(example);
    // In real time, unless it has what an earlier run made in simulated time.
    const stripe = example.credits === undefined ? await startStripe() : house.stripe;
    for (const request of killedAt) stripe.faults.add({ request, fault: { kind: 'slow', ms: 60 } });
    const ledger = await openSqliteLedger({ path });
    for (const { stream, revision, ...event } of house.house.ledger.events) {
      await ledger.append(stream, revision === 0n ? 'no_stream' : revision - 1n, [event]);
    }
    let child: ChildProcess | undefined;
    try {
      for (const request of [...killedAt, Number.POSITIVE_INFINITY]) {
        child = spawn(process.execPath, [MAIN, path, stripe.url], {
          stdio: ['ignore', 'inherit', 'inherit'],
        });
        const exited = once(child, 'exit');
        const count = request + house.requestsBefore;
        while (stripe.requests.length < count && !isThere(stripe)) await sleep(5);
        if (Number.isFinite(request)) expect(isThere(stripe)).toBe(false);
        else await isTold();
        child.kill('SIGKILL');
        await exited;
      }
      expect(outcomeOf({ stripe, house: house.house })).toEqual({
        ...example.outcome,
        ...(example.credits === undefined ? { done: null } : {}),
      });
    } finally {
      child?.kill('SIGKILL');
      if (stripe !== house.stripe) await stripe.stop();
      await Promise.all([house.close(), ledger.close()]);
      await rm(folder, { recursive: true });
    }

    /** The ledger says what Stripe has. */
    async function isTold(): Promise<void> {
      for (;;) {
        const events = await ledger.read('invoice_export-inv_1');
        if (events.filter(({ type }) => type === told.type).length === told.times) return;
        await sleep(10);
      }
    }
  },
);
