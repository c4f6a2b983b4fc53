/**
 * How many calls are in flight, in all and of each key, team and customer. A call counts from the
 * moment its key is known, while its body still arrives, to the end of its last attempt.
 */
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import type { RateTicket } from '../rates/rate-ticket.ts';
import { rateRemedy } from './remedy.ts';

export type InFlightLimits = Pick<
  ProxyLimits,
  'callsPerKeyMax' | 'callsPerTeamMax' | 'callsPerCustomerMax'
>;

export type CallOwner = Pick<KeyView, 'keyId' | 'teamId' | 'customerId'>;

export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #counts = new Map<string, number>();
  readonly #onIdle: () => void;
  #total = 0;

  /** @param onIdle called whenever the last call has left */
  constructor(limits: InFlightLimits, onIdle: () => void) {
    this.#limits = limits;
    this.#onIdle = onIdle;
  }

  get total(): number {
    return this.#total;
  }

  /** @returns the call's place, or why it has none */
  enter(key: CallOwner): Place | Refusal {
    const full = this.#full(key);
    if (full !== null) return full;
    this.#total++;
    this.#add(key, 1);
    return new Place(this, key);
  }

  /** Of a place, once. */
  left(key: CallOwner): void {
    this.#total--;
    this.#add(key, -1);
    if (this.#total === 0) this.#onIdle();
  }

  #full({ keyId, teamId, customerId }: CallOwner): Refusal | null {
    const { callsPerKeyMax, callsPerTeamMax, callsPerCustomerMax } = this.#limits;
    if (this.#of(keyId) >= callsPerKeyMax) return tooMany('key', callsPerKeyMax);
    if (teamId !== null && this.#of(teamId) >= callsPerTeamMax) {
      return tooMany('team', callsPerTeamMax);
    }
    if (this.#of(customerId) >= callsPerCustomerMax)
      return tooMany('customer', callsPerCustomerMax);
    return null;
  }

  #of(id: string): number {
    return this.#counts.get(id) ?? 0;
  }

  #add({ keyId, teamId, customerId }: CallOwner, change: number): void {
    this.#addTo(keyId, change);
    if (teamId !== null) this.#addTo(teamId, change);
    this.#addTo(customerId, change);
  }

  #addTo(id: string, change: number): void {
    const count = this.#of(id) + change;
    if (count > 0) this.#counts.set(id, count);
    else this.#counts.delete(id);
  }
}

function tooMany(whose: string, most: number): Refusal {
  const message = `This ${whose} has ${most} calls in flight at this proxy, which is as many as it may have. Try again when one has ended.`;
  const limit = {
    ...{ scope: whose, unit: 'calls', window: null, limit: String(most), spent: String(most) },
    resets_at: null,
  };
  return { code: 'too_many_calls', message, limit, remedy: rateRemedy(false, null) };
}

/** Left once, however often it is said. */
export class Place {
  /** The call has begun: it leaves by itself, perhaps long after its client has gone. */
  ofCall = false;
  /** Until it has begun, was answered or refused: what looks at it goes on although its client leaves. */
  taking: Promise<void> | null = null;
  /** What of its body is in memory. */
  bodyBytes = 0;
  /** What it took of rate limits: its slots are free when it leaves. */
  rates: RateTicket | null = null;
  /** Of a call that states a key under which it may come again. */
  recording: { end(): void } | null = null;
  /** Nobody waits for its answer any longer than for itself. */
  onLeave: (() => void) | undefined;
  readonly #calls: Pick<InFlight, 'left'>;
  readonly #owner: CallOwner;
  #hasLeft = false;

  constructor(calls: Pick<InFlight, 'left'>, owner: CallOwner) {
    this.#calls = calls;
    this.#owner = owner;
  }

  /** An attempt has ended; what it used still counts. */
  leaveRates(): void {
    this.rates?.leave();
    this.rates = null;
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.recording?.end();
    this.rates?.leave();
    this.onLeave?.();
    this.#calls.left(this.#owner);
  }
}
