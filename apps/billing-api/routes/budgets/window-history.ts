/**
 * A budget's window as its stream tells of it: the account, and when each lease was granted and settled.
 * Up to an event of the past, it is what was held by whom at that instant.
 */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetWindowEvent, WindowOpened } from '@tollgate/domain/budget/budget-events.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';

export type LeasePast = {
  instanceId: string;
  grantedAtMs: number;
  /** Null: it is open. */
  settledAtMs: number | null;
};

/** A lease that was charged more or less once a bill said what an attempt used. */
export type Adjustment = { leaseId: string; attemptId: string; delta: bigint; atMs: number };

export type WindowHistory = {
  /** Null: nobody has drawn from it yet. */
  opened: WindowOpened['data'] | null;
  account: BudgetAccount;
  leases: ReadonlyMap<string, LeasePast>;
  adjustments: readonly Adjustment[];
};

/**
 * @param upTo the last event that counts, by its revision; undefined: all do
 * @throws whatever the ledger throws
 */
export async function readWindow(
  { ledger, pageEvents }: { ledger: Pick<Ledger, 'read'>; pageEvents: number },
  stream: string,
  upTo?: bigint,
): Promise<WindowHistory> {
  let account = noAccount;
  let opened: WindowHistory['opened'] = null;
  const leases = new Map<string, LeasePast>();
  const adjustments: Adjustment[] = [];
  for await (const { event, at } of readEvents(ledger, budgetWindowEvents, stream, {
    pageEvents,
  })) {
    // seam: only-what-the-proxy-had-read
    if (upTo !== undefined && at.revision > upTo) break;
    account = evolveAccount(account, event);
    if (event.type === 'WindowOpened') opened = event.data;
    note(event, at.recordedAtMs, leases, adjustments);
  }
  return { opened, account, leases, adjustments };
}

function note(
  event: BudgetWindowEvent,
  atMs: number,
  leases: Map<string, LeasePast>,
  adjustments: Adjustment[],
): void {
  switch (event.type) {
    case 'LeaseGranted': {
      const { lease_id, instance_id } = event.data;
      leases.set(lease_id, { instanceId: instance_id, grantedAtMs: atMs, settledAtMs: null });
      return;
    }
    case 'LeaseSettled':
    case 'LeaseWrittenOff': {
      const lease = leases.get(event.data.lease_id);
      if (lease !== undefined) lease.settledAtMs = atMs;
      return;
    }
    case 'LeaseAdjusted': {
      const { lease_id, attempt_id, delta } = event.data;
      const adjusted = { leaseId: lease_id, attemptId: attempt_id, delta: parseDecimal12(delta) };
      adjustments.push({ ...adjusted, atMs });
      return;
    }
    default:
  }
}
