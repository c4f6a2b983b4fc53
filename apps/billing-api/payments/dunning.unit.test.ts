import { keyEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { evolveKey, type KeyState } from '@tollgate/domain/key/key.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import type { InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type { PaymentStatus } from '@tollgate/domain/payment/payment-events.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MemoryLedger } from '../closing/testing/memory-ledger.ts';
import { apiLimits } from '../limits.ts';
import { Entities } from '../resources/entities.ts';
import { startDunning } from './dunning.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

const stream = keyEvents.of('key_1');
const ISSUED = {
  ...{ key_id: 'key_1', customer_id: 'cus_1', team_id: null, name: 'k', environment: 'test' },
  ...{ tags: {}, last_four: 'abcd', on_disconnect: 'drain' as const, expires_at: null },
  ...{ hash: 'a'.repeat(64), pepper_version: 1 },
};

/** One key of a customer whose only invoice is in this state. */
async function house() {
  const ledger = new MemoryLedger();
  let status: PaymentStatus = 'open';
  const append = async (event: KeyEvent, subject: string) => {
    const last = ledger.of(stream).at(-1)?.revision ?? 'no_stream';
    await ledger.append(stream, last, [newLedgerEvent(stream, event, subject)]);
  };
  await append({ type: 'KeyIssued', data: ISSUED }, 'issue');
  const running = startDunning({
    ...{ ledger, limits: apiLimits, clock: () => 1_000, suspendAfterMs: 100 },
    get directory() {
      const keys = new Entities<KeyState>();
      for (const at of ledger.of(stream)) {
        keys.fold('key_1', at, (state) => evolveKey(state, keyEvents.parse(at)));
      }
      return { keys };
    },
    exports: {
      all: () => {
        const payment = { status, dueAtMs: 500 };
        return [{ invoiceId: 'inv_1', customerId: 'cus_1', payment } as InvoiceExport];
      },
    },
    onError: (message, cause) => {
      throw new Error(message, { cause });
    },
  });
  const look = async () => {
    for (let looks = 0; looks < 3; looks++) {
      await vi.advanceTimersByTimeAsync(apiLimits.dunningPollMs);
      // The ledger takes a turn for each answer.
      for (let turns = 0; turns < 20; turns++) await new Promise((done) => setImmediate(done));
    }
  };
  const pay = () => (status = 'paid');
  return { ledger, append, running, look, pay };
}

it('a key is suspended once for an unpaid invoice, and given back when it is paid', async () => {
  const { ledger, running, look, pay } = await house();
  await look();
  expect(ledger.types(stream)).toEqual(['KeyIssued', 'KeySuspended']);
  pay();
  await look();
  await running.stop();
  expect(ledger.types(stream)).toEqual(['KeyIssued', 'KeySuspended', 'KeyResumed']);
});

it('a key that an operator resumes is not suspended for the same invoice again', async () => {
  const { ledger, append, running, look } = await house();
  await look();
  await append({ type: 'KeyResumed', data: { key_id: 'key_1' } }, 'by hand');
  await look();
  await running.stop();
  expect(ledger.types(stream)).toEqual(['KeyIssued', 'KeySuspended', 'KeyResumed']);
});
