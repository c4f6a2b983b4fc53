/** Ledger, log and warehouse in memory, and customers whose first period is January 2026. */
import { randomUUID } from 'node:crypto';
import { customerEvents } from '@tollgate/adapters/ledger/categories.ts';
import { checkedLedger } from '@tollgate/adapters/ledger/checked-ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type {
  CustomerCreated,
  CustomerUpdated,
} from '@tollgate/domain/customer/customer-events.ts';
import type { RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import type { Billing, Period } from '@tollgate/domain/period/billing.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { publishRates } from '../../exchange-rates/publish-rates.ts';
import { closeDue } from '../close-run.ts';
import type { ClosingDeps } from '../closing-deps.ts';
import { openPeriod } from '../open-period.ts';
import { loadBilling } from '../streams.ts';
import { AFTER_JANUARY, HOUR_MS } from './january.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { MemoryUsage } from './memory-usage.ts';

export class MemoryHouse {
  readonly store = new MemoryLedger();
  readonly usage = new MemoryUsage();
  readonly clock = { nowMs: AFTER_JANUARY };
  readonly deps: ClosingDeps;
  #random = 0;

  constructor() {
    this.store.clock = () => this.clock.nowMs;
    this.deps = {
      ledger: checkedLedger(this.store),
      log: this.usage.log,
      warehouse: this.usage.warehouse,
      clock: () => this.clock.nowMs,
      randomBytes: (length) => new Uint8Array(length).fill(++this.#random),
    };
  }

  /** A customer with a mark-up of 20 %, in UTC. */
  async customer(customerId: string, change: Partial<CustomerCreated['data']> = {}): Promise<void> {
    const data: CustomerCreated['data'] = {
      customer_id: customerId,
      external_id: null,
      name: customerId,
      time_zone: 'UTC',
      currency: 'USD',
      markup_ppm: 200_000,
      ...change,
    };
    const stream = customerEvents.of(customerId);
    const created = newLedgerEvent(stream, { type: 'CustomerCreated', data }, '');
    await this.store.append(stream, 'no_stream', [created]);
  }

  async change(
    customerId: string,
    change: Omit<CustomerUpdated['data'], 'customer_id'>,
  ): Promise<void> {
    const stream = customerEvents.of(customerId);
    const data = { customer_id: customerId, ...change };
    const updated = newLedgerEvent(stream, { type: 'CustomerUpdated', data }, randomUUID());
    await this.store.append(stream, await this.#lastOf(stream), [updated]);
  }

  /** As of the first of January 2026, in force for a year, unless the change says otherwise. */
  async publishRates(rates: Record<string, string>, change: Partial<RateTable> = {}) {
    const table: RateTable = {
      version: `xrt_${Object.entries(rates).join('_')}`,
      source: 'finance',
      origin: 'published',
      base: 'USD',
      as_of: '2026-01-01T00:00:00.000Z',
      valid_until: '2027-01-01T00:00:00.000Z',
      rates: Object.entries(rates).map(([currency, rate]) => ({ currency, rate })),
      ...change,
    };
    await publishRates(this.deps.ledger, table, 100);
  }

  async #lastOf(stream: string): Promise<bigint> {
    return BigInt((await this.store.read(stream)).length) - 1n;
  }

  /** A customer whose period January is open. @returns the id of that period */
  async january(customerId: string, of: Partial<CustomerCreated['data']> = {}): Promise<string> {
    await this.customer(customerId, of);
    const startMs = parseInstant('2026-01-01T00:00:00.000Z');
    const request = { customerId, startMs, timeZone: null, anchorDay: null };
    const result = await openPeriod(this.deps, request);
    if (!result.ok) throw new Error(result.refusal.code);
    return result.period.id;
  }

  /** Closes what is due of these customers at that time, with everything projected. */
  closeAt(nowMs: number, customerIds: readonly string[], deps = this.deps) {
    this.clock.nowMs = nowMs;
    this.usage.project();
    return closeDue(deps, { customerIds, graceMs: HOUR_MS });
  }

  async billing(customerId: string): Promise<Billing> {
    return (await loadBilling(this.store, customerId)).billing;
  }

  async states(customerId: string): Promise<Period['status'][]> {
    return (await this.billing(customerId)).periods.map(({ status }) => status);
  }
}
