/**
 * Looks through the bodies of requests by patterns: small ones at once, the others in a thread of its
 * own, one at a time, customer by customer in turn. A scan that takes too long ends the thread and
 * nothing else: the call is refused, since nobody has looked at it.
 */
import { OrderThread } from '@tollgate/adapters/process/order-thread.ts';
import type { ProxyLimits } from '../limits.ts';
import { FairGate } from '../routing/fair-gate.ts';
import { type Scanned, type ScanOrder, type ScanRules, scanBody } from './scan-body.ts';

export type ScannerLimits = Pick<
  ProxyLimits,
  'scanInlineBytesMax' | 'scanTimeoutMs' | 'scanQueueMs' | 'scannerHeapMib'
>;

export class BodyScanners {
  readonly #limits: ScannerLimits;
  readonly #turns: FairGate;
  readonly #thread: OrderThread<ScanOrder, Scanned>;

  constructor(limits: ScannerLimits) {
    this.#limits = limits;
    this.#turns = new FairGate(1, limits.scanQueueMs);
    this.#thread = new OrderThread(new URL('./body-scanner-main.ts', import.meta.url), {
      timeoutMs: limits.scanTimeoutMs,
      heapMib: limits.scannerHeapMib,
    });
  }

  /** @returns null: there was no turn or no time for it */
  scan(order: ScanOrder, customerId: string): Scanned | Promise<Scanned | null> {
    if (this.#isSmall(order)) return scanBody(order);
    return this.#inThread(order, customerId);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  /** To look for a pattern takes as long as the text is; to replace by an operator's may take longer. */
  #isSmall({ body, rules }: ScanOrder): boolean {
    if (rules.redact.some((rule) => typeof rule !== 'string')) return false;
    return body.length * patternsOf(rules) <= this.#limits.scanInlineBytesMax;
  }

  async #inThread(order: ScanOrder, customerId: string): Promise<Scanned | null> {
    const turn = this.#turns.take(customerId);
    if (turn !== true && !(await turn)) return null;
    try {
      const scanned = await this.#thread.ask(order);
      if (scanned === null || 'denied' in scanned) return scanned;
      const { buffer, byteOffset, byteLength } = scanned.body;
      return { ...scanned, body: Buffer.from(buffer, byteOffset, byteLength) };
    } finally {
      this.#turns.leave(customerId);
    }
  }
}

function patternsOf({ deny, redact }: ScanRules): number {
  return deny.length + redact.length;
}
