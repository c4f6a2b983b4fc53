/**
 * The import lock: bills are imported one at a time, so that each is compared with all before it.
 * It binds one process alone. Two billing APIs could accept bills that contradict each other at the
 * same moment; an attempt has one resolution all the same (I2), from the first of the two bills.
 */
import { OneAtATime } from '@tollgate/adapters/process/one-at-a-time.ts';

export class ImportLock {
  readonly #turns = new OneAtATime();

  /** Waits for its turn, then imports. */
  hold<T>(importBill: () => Promise<T>): Promise<T> {
    return this.#turns.run(importBill);
  }
}
