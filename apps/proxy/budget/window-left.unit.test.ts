import { noAccount } from '@tollgate/domain/budget/account.ts';
import { expect, it } from 'vitest';
import { WindowLeft } from './window-left.ts';

/** Of a window of 1,000 units with one slice of 400. */
function leftOfWindow() {
  const lease = {
    ...{ leaseId: 'lse_1', amount: 400n, spent: 0n, held: 0n, holds: 0, closed: false },
    usedAtMs: 0,
  };
  const openLeases = new Map([
    ['lse_1', { instanceId: 'here', amount: 400n, overrun: 0n, parts: [] }],
  ]);
  const account = { ...noAccount, opened: true, limit: 1_000n, held: 400n, openLeases };
  const left = new WindowLeft({ account, leases: [lease] } as never, {
    instanceId: 'here',
    limits: { statedLeftMs: 2 },
  });
  return { left, lease };
}

it('the head of an answer states what is left as it was at most so many milliseconds ago', () => {
  const { left, lease } = leftOfWindow();
  expect(left.stated(10)).toEqual({ left: left.remaining(), text: '0.000000001000' });
  lease.spent = 300n;
  expect(left.stated(11.9).text).toBe('0.000000001000');
  expect(left.stated(12).text).toBe('0.000000000700');
});

it('I3: what a refusal states and a call is clamped to is never what was stated before', () => {
  const { left, lease } = leftOfWindow();
  left.stated(10);
  lease.spent = 300n;
  expect([left.remaining(), left.free()]).toEqual([700n, 100n]);
  expect(left.formatted()).toEqual({ limit: '0.000000001000', spent: '0.000000000300' });
});
