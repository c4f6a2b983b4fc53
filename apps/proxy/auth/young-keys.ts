/**
 * A key that nobody knows may be younger than this proxy's view of the ledger: it works at once, its
 * first call waits until the view has caught up. Only a key with a right checksum gets here, and
 * waiting costs the ledger nothing: the subscription says anyway when it is level.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode } from '../errors.ts';
import type { LedgerFreshness } from '../ledger-view/freshness.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { Authenticator } from './authenticate.ts';

export class YoungKeys {
  readonly #keys: Authenticator;
  readonly #follower: Pick<LedgerFreshness, 'catchUp'>;
  readonly #waitersMax: number;
  #waiters = 0;

  constructor(
    keys: Authenticator,
    follower: Pick<LedgerFreshness, 'catchUp'>,
    limits: { unknownKeyWaitersMax: number },
  ) {
    this.#keys = keys;
    this.#follower = follower;
    this.#waitersMax = limits.unknownKeyWaitersMax;
  }

  /** Who calls, as of now, after one wait (bounded). Never rejects for a key. */
  async lookAgain(headers: IncomingHttpHeaders): Promise<KeyView | ErrorCode> {
    if (this.#waiters >= this.#waitersMax) return 'invalid_api_key';
    this.#waiters++;
    try {
      await this.#follower.catchUp();
    } finally {
      this.#waiters--;
    }
    return this.#keys.authenticate(headers, Date.now());
  }
}
