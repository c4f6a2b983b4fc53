/** A step is its process's for as long as it lives, and no longer than half a minute after that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import { expect, it } from 'vitest';
import { advanceExport } from './export-run.ts';
import { ExporterHouse } from './testing/exporter-house.ts';
import { MemoryPayments } from './testing/memory-payments.ts';

const signal = new AbortController().signal;

it('a step that takes long stays with its process, which says that it lives', async () => {
  const payments = new MemoryPayments();
  const house = new ExporterHouse(payments);
  await house.issue([120, 30]);
  const slow = house.exporter('run_a');
  slow.limits = { ...slow.limits, exportRenewMs: 1, exportRenewalsMax: 1_000_000 };
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  payments.before = (name) => (name === 'createDraft' ? answered : undefined);
  const exported = advanceExport(slow, 'inv_1', signal);
  while (!payments.requests.includes('createDraft')) await sleep(1);
  const asked = payments.requests.length;
  for (let times = 0; times < 3; times += 1) {
    house.nowMs += 29_000;
    const now = new Date(house.nowMs).toISOString();
    const isTold = () =>
      house.ledger
        .of(exportEvents.of('inv_1'))
        .some(
          ({ type, data }) => type === 'ExportStepRenewed' && JSON.stringify(data).includes(now),
        );
    while (!isTold()) await sleep(1);
    await advanceExport(house.exporter('run_b'), 'inv_1', signal);
  }
  expect(payments.requests).toHaveLength(asked);
  answer();
  await exported;
  expect(house.state().done).toBe('invoice');
  const events = house.ledger.of(exportEvents.of('inv_1')).length;
  await sleep(5);
  // Nothing is renewed once the steps have ended.
  expect(house.ledger.of(exportEvents.of('inv_1'))).toHaveLength(events);
  expect(payments.invoices.size).toBe(1);
});
