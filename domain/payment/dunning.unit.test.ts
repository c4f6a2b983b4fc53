import { describe, expect, it } from 'vitest';
import type { KeyState } from '../key/key.ts';
import { dunningActions, dunningReason } from './dunning.ts';
import type { InvoiceExport } from './invoice-export.ts';
import type { PaymentStatus } from './payment-events.ts';

const DAY_MS = 86_400_000;
const DUE_MS = Date.parse('2026-12-01T00:00:00.000Z');
const AFTER_MS = 14 * DAY_MS;

function key(keyId: string, more: Partial<KeyState> = {}): KeyState {
  const fields = { suspended: false, suspend_reason: null, revoked: false, archived: false };
  return { key_id: keyId, customer_id: 'cus_1', ...fields, ...more } as KeyState;
}

function invoice(invoiceId: string, status: PaymentStatus, dueAtMs = DUE_MS): InvoiceExport {
  const payment = { status, dueAtMs };
  return { invoiceId, customerId: 'cus_1', payment } as InvoiceExport;
}

function dunned(invoiceId: string): Partial<KeyState> {
  return { suspended: true, suspend_reason: dunningReason(invoiceId) };
}

describe('keys of a customer who does not pay', () => {
  it('are suspended so many days after the invoice was due, and no day earlier', () => {
    const keys = [key('key_1'), key('key_2', { customer_id: 'cus_2' })];
    const at = (nowMs: number) => dunningActions(keys, [invoice('inv_1', 'open')], nowMs, AFTER_MS);
    expect(at(DUE_MS + AFTER_MS - 1)).toEqual([]);
    expect(at(DUE_MS + AFTER_MS)).toEqual([
      { kind: 'suspend', keyId: 'key_1', invoiceId: 'inv_1' },
    ]);
  });

  it('are never suspended unless an operator says after how long', () => {
    expect(dunningActions([key('key_1')], [invoice('inv_1', 'open')], DUE_MS * 2, null)).toEqual(
      [],
    );
  });

  it('come back when it is paid, void, or nothing else is overdue', () => {
    const keys = [key('key_1', dunned('inv_1'))];
    const at = (...exports: InvoiceExport[]) =>
      dunningActions(keys, exports, DUE_MS + 20 * DAY_MS, AFTER_MS).map(({ kind }) => kind);
    expect(at(invoice('inv_1', 'open'))).toEqual([]);
    expect(at(invoice('inv_1', 'uncollectible'))).toEqual([]);
    expect(at(invoice('inv_1', 'paid'))).toEqual(['resume']);
    expect(at(invoice('inv_1', 'void'))).toEqual(['resume']);
    expect(at(invoice('inv_1', 'paid'), invoice('inv_2', 'open', DUE_MS + DAY_MS))).toEqual([]);
  });

  it('stay suspended where an operator did it, and put away where they are', () => {
    const byHand = key('key_1', { suspended: true, suspend_reason: 'abuse' });
    const gone = key('key_2', { ...dunned('inv_1'), revoked: true });
    expect(dunningActions([byHand, gone], [invoice('inv_1', 'paid')], DUE_MS, AFTER_MS)).toEqual(
      [],
    );
  });
});
