/** Credit notes of an exported invoice: one there for each, whatever dies, and after their invoice. */
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import { describe, expect, it } from 'vitest';
import { advanceExport } from './export-run.ts';
import { ExporterHouse } from './testing/exporter-house.ts';
import { MemoryPayments } from './testing/memory-payments.ts';

const signal = new AbortController().signal;

async function exported(): Promise<{ house: ExporterHouse; payments: MemoryPayments }> {
  const payments = new MemoryPayments();
  const house = new ExporterHouse(payments);
  await house.issue([120, 30]);
  await house.exportAll(house.exporter('run_0'));
  payments.requests.length = 0;
  return { house, payments };
}

/** Of what it wants to do, this one and all that follows never happens. @returns false: it had less to do */
async function dies(
  house: ExporterHouse,
  payments: MemoryPayments,
  death: number,
): Promise<boolean> {
  const { promise: dead, resolve } = Promise.withResolvers<boolean>();
  let seen = 0;
  const next = (): Promise<void> | undefined => {
    seen += 1;
    if (seen < death) return undefined;
    resolve(true);
    return new Promise(() => undefined);
  };
  house.ledger.before = (call) => (call.startsWith('append') ? next() : undefined);
  payments.before = next;
  const lived = advanceExport(house.exporter('run_a'), 'inv_1', signal).then(() => false);
  const isDead = await Promise.race([dead, lived]);
  house.ledger.before = () => undefined;
  payments.before = () => undefined;
  return isDead;
}

describe('a credit note of an exported invoice', () => {
  it('whose process dies at any append or request is there once, even after its key expired', async () => {
    const wrong = [];
    for (let death = 1; ; death += 1) {
      const { house, payments } = await exported();
      await house.credit('crn_1', 40, 150);
      await house.credit('crn_2', 110, 150);
      if (!(await dies(house, payments, death))) break;
      house.nowMs += 25 * 3_600_000;
      payments.forgetKeys();
      await house.exportAll(house.exporter('run_b'));
      const made = payments.requests.filter((name) => name === 'createCreditNote').length;
      const amounts = [...payments.creditNotes.values()].map(({ amountMinor }) => amountMinor);
      const [invoice] = [...payments.invoices.values()];
      if (amounts.join() !== '40,110' || invoice?.creditedMinor !== 150) {
        wrong.push({ death, amounts, credited: invoice?.creditedMinor });
      }
      expect(made).toBeGreaterThan(0);
    }
    expect(wrong).toEqual([]);
  });

  it('waits until its invoice is there', async () => {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue([120, 30]);
    await house.credit('crn_1', 40, 150);
    const { credits, done } = await house.exportAll(house.exporter('run_a'));
    expect([done, credits.map(({ made }) => made?.how)]).toEqual(['invoice', ['credit_note']]);
    const order = payments.requests.filter((name) => /finalize|send|createCredit/.test(name));
    expect(order).toEqual(['finalize', 'send', 'createCreditNote']);
  });

  it('is worked out again, under another key, if its invoice was paid since it was read', async () => {
    const { house, payments } = await exported();
    await house.credit('crn_1', 40, 150);
    payments.before = (name) => {
      const [invoice] = payments.invoices.values();
      if (name !== 'createCreditNote' || invoice === undefined) return;
      Object.assign(invoice, { status: 'paid', amountPaidMinor: 150, remainingMinor: 0 });
    };
    const { credits } = await house.exportAll(house.exporter('run_a'));
    expect(credits[0]?.made).toMatchObject({
      ...{ how: 'credit_note', amount_minor: 40, applied_minor: 0, balance_minor: 40 },
    });
    const types = house.ledger.types(exportEvents.of('inv_1'));
    expect(types.filter((type) => type === 'ExportStepFailed')).toHaveLength(1);
  });

  it.each([
    ['of what was paid is left to people, by policy', 'outside', 'outside_minor'],
    ['of what was paid is paid back, by policy', 'refund', 'refunded_minor'],
    ['of what was paid goes onto the balance, by policy', 'customer_balance', 'balance_minor'],
  ] as const)('%s', async (_name, policy, member) => {
    const { house, payments } = await exported();
    house.paidCredits = policy;
    const [invoice] = payments.invoices.values();
    Object.assign(invoice ?? {}, { status: 'paid', amountPaidMinor: 110, remainingMinor: 40 });
    await house.credit('crn_1', 60, 150);
    const { credits } = await house.exportAll(house.exporter('run_a'));
    expect(credits[0]?.made).toMatchObject({ applied_minor: 40, [member]: 20 });
  });

  it('is due when it is issued, and nothing is once it is there', async () => {
    const { house } = await exported();
    await house.index.start();
    expect(house.index.open()).toEqual([]);
    await house.credit('crn_1', 40, 150);
    const stream = 'invoice-inv_1';
    await house.index.sees(stream, 1n, 1_000);
    expect(house.index.open().map(({ invoiceId }) => invoiceId)).toEqual(['inv_1']);
    await house.exportAll(house.exporter('run_a'));
    const last = house.ledger.of(exportEvents.of('inv_1')).at(-1)?.revision ?? 0n;
    await house.index.sees(exportEvents.of('inv_1'), last, 1_000);
    expect(house.index.open()).toEqual([]);
    await house.index.stop();
  });
});
