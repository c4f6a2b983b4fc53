import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import { describe, expect, it } from 'vitest';
import { advanceExport } from './export-run.ts';
import { ExporterHouse, POLICY } from './testing/exporter-house.ts';
import { type Fault, MemoryPayments } from './testing/memory-payments.ts';

const signal = new AbortController().signal;
const AMOUNTS = [120, 30, -5, 0];

/** What the payment system must have in the end, whatever happened on the way. */
function outcomeOf(payments: MemoryPayments) {
  const finalized = [...payments.invoices.values()].filter(({ status }) => status !== 'draft');
  return {
    customers: payments.customers.size,
    drafts: payments.invoices.size - finalized.length,
    invoices: finalized.map(({ totalMinor, lines }) => [
      totalMinor,
      lines.map(({ key, amount_minor }) => [key, amount_minor]),
    ]),
    isSent: payments.sent.length > 0,
  };
}

const RIGHT = {
  customers: 1,
  drafts: 0,
  invoices: [
    [
      145,
      [
        ['0', 120],
        ['1', 30],
        ['2', -5],
        ['3', 0],
      ],
    ],
  ],
  isSent: true,
};

const SMALL = { ...POLICY, chunk_lines: 3 };

/** Appends and requests. */
async function callsOfAnExport(): Promise<number> {
  const payments = new MemoryPayments();
  const house = new ExporterHouse(payments);
  await house.issue(AMOUNTS, { policy: SMALL });
  const before = house.ledger.events.length;
  await house.exportAll(house.exporter('run_a'));
  return house.ledger.events.length - before + payments.requests.length;
}

/** Of what it wanted to do, this one and all that follows never happens. */
async function dies(house: ExporterHouse, payments: MemoryPayments, death: number): Promise<void> {
  const { promise: dead, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const next = (): Promise<void> | undefined => {
    seen += 1;
    if (seen < death) return undefined;
    resolve();
    return new Promise(() => undefined);
  };
  house.ledger.before = (call) => (call.startsWith('append') ? next() : undefined);
  payments.before = next;
  await Promise.race([dead, advanceExport(house.exporter('run_a'), 'inv_1', signal)]);
  house.ledger.before = () => undefined;
  payments.before = () => undefined;
}

describe('an export', () => {
  // stripe-firebase-extensions#288: one request for each line reached the rate limit.
  it('is a draft, its lines in parts, read back, finalized and sent, an event for each', async () => {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue(AMOUNTS, { policy: SMALL });
    const { done, payment } = await house.exportAll(house.exporter('run_a'));
    expect([done, payment?.status, payment?.amountDueMinor]).toEqual(['invoice', 'open', 145]);
    expect(outcomeOf(payments)).toEqual(RIGHT);
    const types = house.ledger.types(exportEvents.of('inv_1'));
    expect(types.filter((type) => type !== 'ExportStepStarted')).toEqual([
      ...['ExportRequested', 'ExportCustomerChosen', 'ExportDraftCreated'],
      ...['ExportLinesAdded', 'ExportLinesAdded', 'ExportVerified', 'ExportFinalized'],
      'ExportSent',
    ]);
  });

  it('whose process dies at any append or request ends in one invoice', async () => {
    const calls = await callsOfAnExport();
    expect(calls).toBe(23);
    for (const isLate of [false, true]) {
      for (let death = 1; death <= calls; death++) {
        const payments = new MemoryPayments();
        const house = new ExporterHouse(payments);
        await house.issue(AMOUNTS, { policy: SMALL });
        await dies(house, payments, death);
        // So late that no key is known any more.
        if (isLate) {
          house.nowMs += 25 * 3_600_000;
          payments.forgetKeys();
        }
        await house.exportAll(house.exporter('run_b'));
        expect([death, isLate, outcomeOf(payments)]).toEqual([death, isLate, RIGHT]);
      }
    }
  });

  const faults: [title: string, fault: Fault][] = [
    ['with any of its requests lost ends in one invoice', 'lost_request'],
    ['with any of its answers lost ends in one invoice', 'lost_answer'],
    ['with any of its requests answered by a failure ends in one invoice', 'failed_undone'],
    ['with any of its requests carried out and answered by a failure does too', 'failed_done'],
    ['with any of its requests put off ends in one invoice', 'busy'],
  ];

  it.each(faults)('%s', async (_title, fault) => {
    for (let request = 0; request < 8; request++) {
      const payments = new MemoryPayments();
      const house = new ExporterHouse(payments);
      await house.issue(AMOUNTS, { policy: SMALL });
      payments.faults.set(request, fault);
      await house.exportAll(house.exporter('run_a'));
      expect([request, outcomeOf(payments)]).toEqual([request, RIGHT]);
      expect(payments.requests.length).toBeGreaterThan(8);
    }
  });

  it('of two exporters at once is made once', async () => {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue(AMOUNTS, { policy: SMALL });
    const both = ['run_a', 'run_b'].map((run) => house.exporter(run));
    while (house.state().done === null) {
      await Promise.all(both.map((deps) => advanceExport(deps, 'inv_1', signal)));
    }
    expect(outcomeOf(payments)).toEqual(RIGHT);
    expect(payments.requests.filter((name) => name === 'createDraft')).toHaveLength(1);
    expect(payments.sent).toHaveLength(1);
  });

  it('waits through an outage of hours, asks ever more rarely, and goes on', async () => {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue(AMOUNTS);
    for (let request = 2; request < 2 + 30; request++) payments.faults.set(request, 'lost_request');
    const startMs = house.nowMs;
    const { done } = await house.exportAll(house.exporter('run_a'));
    expect(done).toBe('invoice');
    expect(house.nowMs - startMs).toBeGreaterThan(4 * 3_600_000);
    expect(payments.requests.length).toBeLessThan(45);
  });

  it('waits as long as the payment system asks', async () => {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue(AMOUNTS);
    payments.faults.set(0, 'busy');
    const deps = house.exporter('run_a');
    await advanceExport(deps, 'inv_1', signal);
    expect(house.state().failure?.nextAtMs).toBe(house.nowMs + 2_000);
    house.nowMs += 1_999;
    await advanceExport(deps, 'inv_1', signal);
    expect(payments.requests).toHaveLength(1);
  });
});

describe('a draft that somebody edits', () => {
  async function editedWhile(
    edit: (payments: MemoryPayments, id: string) => void,
    at = 'readLines',
  ): Promise<{ payments: MemoryPayments; house: ExporterHouse }> {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue(AMOUNTS);
    let isEdited = false;
    payments.before = (name) => {
      if (isEdited || name !== at) return;
      isEdited = true;
      for (const id of payments.invoices.keys()) edit(payments, id);
    };
    await house.exportAll(house.exporter('run_a'));
    return { payments, house };
  }

  function amountOfFirst(payments: MemoryPayments, id: string): void {
    const line = payments.invoices.get(id)?.lines[0];
    if (line !== undefined) line.amount_minor = 1;
    payments.sum(id);
  }

  it('stops its export, says what differs, and is never finalized', async () => {
    const { payments, house } = await editedWhile(amountOfFirst);
    expect(house.state().stopped).toMatchObject({
      reason: 'draft_edited',
      detail: 'line 0 has the amount 1 there, and is 120',
    });
    expect([...payments.invoices.values()].map(({ status }) => status)).toEqual(['draft']);
  });

  // flexprice#1240: discounts never reached Stripe, and the customer was charged the full amount.
  it('after it was read back stops its export as well', async () => {
    const { payments, house } = await editedWhile(amountOfFirst, 'readInvoice');
    expect(house.state().stopped?.reason).toBe('draft_edited');
    expect([...payments.invoices.values()].map(({ status }) => status)).toEqual(['draft']);
  });

  it('has a line more: nothing is finalized', async () => {
    const { house } = await editedWhile((payments, id) => {
      const line = { key: null, amount_minor: 0, description: 'by hand', currency: 'usd' };
      payments.invoices.get(id)?.lines.push(line);
    });
    expect(house.state().stopped?.detail).toBe(
      'there are 5 lines there instead of 4: one is "by hand"',
    );
  });

  it('goes on after a person has put it right and asked for it again', async () => {
    const { payments, house } = await editedWhile(amountOfFirst);
    const [id = ''] = payments.invoices.keys();
    const line = payments.invoices.get(id)?.lines[0];
    if (line !== undefined) line.amount_minor = 120;
    payments.sum(id);
    await house.resume();
    expect((await house.exportAll(house.exporter('run_a'))).done).toBe('invoice');
    expect(outcomeOf(payments)).toMatchObject({ invoices: [[145, expect.anything()]] });
  });

  it('was deleted: the export stops, and makes another once a person asks for it', async () => {
    const { payments, house } = await editedWhile((all, id) => all.invoices.delete(id));
    expect(house.state().stopped?.reason).toBe('draft_gone');
    await house.resume();
    await house.exportAll(house.exporter('run_a'));
    expect(outcomeOf(payments)).toEqual(RIGHT);
  });
});

describe('an invoice that asks for nothing', () => {
  it('is skipped if its total is zero, and nobody is asked', async () => {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue([100, -100]);
    expect((await house.exportAll(house.exporter('run_a'))).done).toBe('skipped');
    expect(payments.requests).toEqual([]);
  });

  it('of less than zero is credited to the balance, once', async () => {
    for (const fault of ['lost_answer', 'failed_done', 'lost_request'] as const) {
      const payments = new MemoryPayments();
      const house = new ExporterHouse(payments);
      await house.issue([-1]);
      payments.faults.set(1, fault);
      const { done } = await house.exportAll(house.exporter('run_a'));
      expect([fault, done, payments.balance.map(({ entry }) => entry.amountMinor)]).toEqual([
        ...[fault, 'balance'],
        [-1],
      ]);
      expect(payments.invoices.size).toBe(0);
    }
  });

  it('in a currency that cannot be paid there stops, and says so', async () => {
    const payments = new MemoryPayments();
    const house = new ExporterHouse(payments);
    await house.issue([100], { currency: 'IQD' });
    const { stopped } = await house.exportAll(house.exporter('run_a'));
    expect(stopped?.reason).toBe('currency_unsupported');
    expect(payments.requests).toEqual([]);
  });
});
