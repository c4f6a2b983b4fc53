/** What goes wrong, and when: by the number of a request, by its route, or for a span of time. */
import type { StripeClock } from '../clock.ts';

/**
 * How a connection ends: closed, or with something that is no answer, as a broken proxy gives. The official
 * client tries a closed one again by itself, once, after half a second; the other it gives up at once.
 */
type Loss = 'closed' | 'garbled';

export type Fault =
  /** The request is executed and saved, and its answer does not come. */
  | { readonly kind: 'lost_response'; readonly how?: Loss }
  /** Nobody sees the request. */
  | { readonly kind: 'lost_request'; readonly how?: Loss }
  /** Refused before execution: nothing is done, and nothing is saved under the key. */
  | {
      readonly kind: 'refused';
      readonly status: 429 | 500 | 502 | 503;
      readonly retryAfterS?: number;
    }
  /**
   * Another request has the object. This 429 comes from within: it is saved under the key and answered
   * again for a day, as autumn PR#3473 found.
   */
  | { readonly kind: 'locked' }
  /** A 500 from within: saved under the key and answered again, whether or not the work was done. */
  | { readonly kind: 'failed'; readonly done: boolean }
  /** The answer takes this long, on the fake's clock; the key and the object are in use for as long. */
  | { readonly kind: 'slow'; readonly ms: number };

export interface FaultRule {
  readonly fault: Fault;
  /** Counted from 1 over all requests since the fake was started or `faults.clear()`. */
  readonly request?: number;
  /** This one and all that follow. */
  readonly fromRequest?: number;
  /** `POST /v1/invoices/{}/add_lines`, or a part of it. */
  readonly route?: string;
  /** Strikes from this instant on, and until this one, in the fake's time. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** How often at most; without an end unless told, or once where a request is named. */
  readonly times?: number;
}

export class Faults {
  readonly #clock: StripeClock;
  #rules: { readonly rule: FaultRule; left: number }[] = [];
  #requests = 0;

  constructor(clock: StripeClock) {
    this.#clock = clock;
  }

  add(rule: FaultRule): void {
    const times = rule.times ?? (rule.request === undefined ? Number.POSITIVE_INFINITY : 1);
    this.#rules.push({ rule, left: times });
  }

  /** From now on, for this long: refused, or with no connection at all. */
  outage(ms: number, fault: Fault = { kind: 'refused', status: 503 }): void {
    const fromMs = this.#clock.nowMs();
    this.add({ fault, fromMs, untilMs: fromMs + ms });
  }

  clear(): void {
    this.#rules = [];
    this.#requests = 0;
  }

  /** Counts the request; the first rule that fits strikes. */
  next(route: string): { readonly number: number; readonly fault: Fault | undefined } {
    this.#requests += 1;
    const number = this.#requests;
    const now = this.#clock.nowMs();
    const hit = this.#rules.find(({ rule, left }) => {
      const { request, fromRequest = 0, route: part } = rule;
      const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY } = rule;
      if (left <= 0 || number < fromRequest || now < fromMs || now >= untilMs) return false;
      return (request ?? number) === number && (part === undefined || route.includes(part));
    });
    if (hit !== undefined) hit.left -= 1;
    return { number, fault: hit?.rule.fault };
  }
}
