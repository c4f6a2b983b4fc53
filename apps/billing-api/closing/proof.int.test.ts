import { sha256 } from '@tollgate/adapters/digest/sha256.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { faultInProof } from '@tollgate/domain/proof/event-proof.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proofOf } from './proof.ts';
import { attempt, type ClosingHouse, openClosingHouse } from './testing/closing-house.ts';
import {
  AFTER_JANUARY,
  billingOf,
  bodyOf,
  closeAt,
  customerInJanuary,
  JANUARY,
  textOf,
} from './testing/january.ts';

let house: ClosingHouse;
beforeAll(async () => {
  house = await openClosingHouse();
});
afterAll(() => house.close());

describe('proof of one event', () => {
  it('verifies offline, and not with a flipped byte or another record (I4)', async () => {
    const customerId = await customerInJanuary(house);
    const events = Array.from({ length: 7 }, () => attempt(customerId, JANUARY));
    const records = await house.append(...events);
    await closeAt(house, AFTER_JANUARY, customerId);
    const billing = await billingOf(house, customerId);
    const period = frozenPeriod(billing, 1);
    if (period === undefined) throw new Error('not frozen');
    const where = { customerId, billing, period };
    for (const [i, { id }] of events.entries()) {
      const result = await proofOf(house.deps.warehouse, where, { id, source: null });
      if (!result.ok) throw new Error(result.code);
      const { proof } = result;
      const snapshot = Buffer.from(textOf(billing, 1));
      const input = { proof, snapshot, body: bodyOf(billing, 1), record: records[i] as Buffer };
      expect(faultInProof(sha256, input)).toBeUndefined();
      const wrong = Buffer.from(records[i] as Buffer);
      wrong[3] = (wrong[3] as number) ^ 1;
      expect(faultInProof(sha256, { ...input, record: wrong })).toBe('record_differs');
      const path = [...proof.audit_path].reverse();
      expect(faultInProof(sha256, { ...input, proof: { ...proof, audit_path: path } })).toBe(
        'path_differs',
      );
    }
    const nowhere = await proofOf(house.deps.warehouse, where, { id: 'x', source: null });
    expect(nowhere).toEqual({ ok: false, code: 'event_not_in_snapshot' });
  });
});
