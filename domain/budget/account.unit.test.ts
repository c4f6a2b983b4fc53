import { describe, expect, it } from 'vitest';
import { available, evolveAccount, noAccount } from './account.ts';
import type { BudgetWindowEvent } from './budget-events.ts';

const after = (...events: BudgetWindowEvent[]) => events.reduce(evolveAccount, noAccount);
const limit = (type: 'WindowOpened' | 'LimitChanged', amount: string, revision: string) =>
  ({ type, data: { limit: amount, definition_revision: revision } }) as BudgetWindowEvent;
const opened = limit('WindowOpened', '10.000000000000', '3');
const granted = (leaseId: string): BudgetWindowEvent => ({
  type: 'LeaseGranted',
  data: { lease_id: leaseId, instance_id: 'ins_1', amount: '4.000000000000' },
});
const overrun: BudgetWindowEvent = {
  type: 'Overrun',
  data: { lease_id: 'lse_1', attempt_id: 'a', amount: '0.500000000000' },
};
const DOLLAR = 1_000_000_000_000n;

describe('the account of a budget window', () => {
  it('is closed and empty before its first event, older than any definition', () => {
    const { opened: isOpen, limit: amount, definitionRevision, spent, held } = noAccount;
    expect([isOpen, amount, definitionRevision, spent, held]).toEqual([false, 0n, -1n, 0n, 0n]);
    expect(after(limit('WindowOpened', '1.000000000000', '0')).limit).toBe(DOLLAR);
  });

  it('is opened by its first limit', () => {
    expect(after(opened)).toEqual({
      ...noAccount,
      opened: true,
      limit: 10n * DOLLAR,
      definitionRevision: 3n,
    });
  });

  it('I3: takes a newer limit, and one of the same definition, but no older one', () => {
    const limitAfter = (revision: string) => {
      const state = after(opened, limit('LimitChanged', '2.000000000000', revision));
      return [state.limit / DOLLAR, state.definitionRevision];
    };
    expect(['4', '3', '2'].map(limitAfter)).toEqual([
      [2n, 4n],
      [2n, 3n],
      [10n, 3n],
    ]);
  });

  it('holds what is granted until the lease is settled or written off', () => {
    const settled = { type: 'LeaseSettled', data: { lease_id: 'lse_1', spent: '1.000000000000' } };
    const lost = {
      type: 'LeaseWrittenOff',
      data: { lease_id: 'lse_2', spent: '4.000000000000', reason: 'lost' },
    };
    const both = after(opened, granted('lse_1'), granted('lse_2'));
    const end = [settled, lost].reduce(
      (account, event) => evolveAccount(account, event as BudgetWindowEvent),
      both,
    );
    expect([both.held, available(both)]).toEqual([8n * DOLLAR, 2n * DOLLAR]);
    expect([end.held, end.spent, end.openLeases.size]).toEqual([0n, 5n * DOLLAR, 0]);
  });

  it('holds less of a lease that is reduced, and never more', () => {
    const reduced = (lease_id: string, amount: string): BudgetWindowEvent => {
      return { type: 'LeaseReduced', data: { lease_id, amount } };
    };
    const state = after(opened, granted('lse_1'), overrun, reduced('lse_1', '1.000000000000'));
    expect([state.held, available(state)]).toEqual([(3n * DOLLAR) / 2n, (17n * DOLLAR) / 2n]);
    expect(() => evolveAccount(state, reduced('lse_1', '1.000000000001'))).toThrow(
      'more than it was',
    );
    expect(() => evolveAccount(state, reduced('lse_2', '1.000000000000'))).toThrow('was not open');
  });

  it('counts an overrun at once, and knows it until the lease is closed', () => {
    const state = after(opened, granted('lse_1'), overrun, overrun);
    expect([state.held, state.openLeases.get('lse_1')]).toEqual([
      5n * DOLLAR,
      { instanceId: 'ins_1', amount: 4n * DOLLAR, overrun: DOLLAR, parts: [] },
    ]);
  });

  it('does not count an overrun of a lease that is closed: its settlement says it all', () => {
    expect(after(opened, overrun)).toEqual(after(opened));
  });

  it('is what it was when a proxy is asked to give back', () => {
    const recall: BudgetWindowEvent = {
      type: 'LeaseRecallRequested',
      data: { instance_id: 'ins_1', amount: '1.000000000000' },
    };
    expect(after(opened, granted('lse_1'), recall)).toEqual(after(opened, granted('lse_1')));
  });

  it('refuses a stream that grants a lease twice', () => {
    const twice = () => after(opened, granted('lse_1'), granted('lse_1'));
    expect(twice).toThrow('lease lse_1 was granted twice');
  });
});
