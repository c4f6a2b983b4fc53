/**
 * Meters: usage that Stripe itself rates. An event is taken at once and checked later, as Stripe does:
 * what does not fit comes back as a report of errors, minutes afterwards, and is not counted.
 */
import type { StripeClock } from './clock.ts';
import { stripeLimits } from './limits.ts';
import type { Json, World } from './objects/world.ts';
import { StripeError } from './wire/stripe-error.ts';

export interface Meter {
  readonly id: string;
  readonly eventName: string;
  readonly displayName: string;
  readonly createdS: number;
  active: boolean;
}

export interface MeterEvent {
  readonly identifier: string;
  readonly eventName: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly timestampMs: number;
  readonly receivedMs: number;
  state: 'taken' | 'counted' | 'rejected' | 'cancelled';
}

/** `v1.billing.meter.error_report_triggered` and its like: a thin notice, and what it is about. */
export interface MeterReport {
  readonly id: string;
  readonly type: 'v1.billing.meter.error_report_triggered' | 'v1.billing.meter.no_meter_found';
  readonly createdMs: number;
  readonly meter: string | null;
  readonly data: Json;
}

interface Problem {
  readonly code: string;
  readonly message: string;
}

export class Meters {
  readonly meters = new Map<string, Meter>();
  readonly events: MeterEvent[] = [];
  readonly reports: MeterReport[] = [];
  readonly #world: World;
  readonly #clock: StripeClock;
  readonly #sessions = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#clock = world.clock;
  }

  create(eventName: string, displayName: string): Meter {
    const taken = this.meters.get(eventName);
    if (taken?.active) {
      throw new StripeError(400, `A meter with the event name ${eventName} already exists.`, {
        param: 'event_name',
      });
    }
    const meter = {
      id: this.#world.id('mtr'),
      eventName,
      displayName,
      createdS: this.#world.nowS(),
      active: true,
    };
    this.meters.set(eventName, meter);
    return meter;
  }

  /** At once: the time, and whether the identifier came within a day. `checked`: all the rest too. */
  take(
    given: {
      readonly eventName: string;
      readonly payload: Readonly<Record<string, string>>;
      readonly identifier: string | undefined;
      readonly timestampMs: number | undefined;
    },
    checked: 'at_once' | 'later',
  ): MeterEvent {
    const now = this.#clock.nowMs();
    const event: MeterEvent = {
      identifier: given.identifier ?? this.#world.id('mtrevt'),
      eventName: given.eventName,
      payload: given.payload,
      timestampMs: given.timestampMs ?? now,
      receivedMs: now,
      state: 'taken',
    };
    const known = this.events.some(
      ({ identifier, receivedMs }) =>
        identifier === event.identifier && now - receivedMs < stripeLimits.meterIdentifierMs,
    );
    if (known && checked === 'later') return { ...event, state: 'rejected' };
    if (known) {
      throw new StripeError(400, `An event already exists with identifier ${event.identifier}.`, {
        code: 'duplicate_meter_event',
      });
    }
    const late = timeProblem(event);
    if (late !== undefined && checked === 'at_once') {
      throw new StripeError(400, late.message, { code: late.code, param: 'timestamp' });
    }
    this.events.push(event);
    return event;
  }

  /** An event within a day of its receipt can be taken back. */
  cancel(identifier: string): void {
    const event = this.events.find((one) => one.identifier === identifier);
    const old =
      event === undefined ||
      this.#clock.nowMs() - event.receivedMs >= stripeLimits.meterIdentifierMs;
    if (old)
      throw new StripeError(400, `No meter event with identifier ${identifier} can be cancelled.`, {
        code: 'resource_missing',
      });
    event.state = 'cancelled';
  }

  /** Checks what was taken: counts it, or reports it, one report a meter. */
  process(): MeterReport[] {
    const problems = new Map<string | null, (Problem & { readonly identifier: string })[]>();
    for (const event of this.events) {
      if (event.state !== 'taken') continue;
      const problem = this.#problem(event);
      event.state = problem === undefined ? 'counted' : 'rejected';
      if (problem === undefined) continue;
      const meter =
        problem.code === 'no_meter' ? null : (this.meters.get(event.eventName)?.id ?? null);
      problems.set(meter, [
        ...(problems.get(meter) ?? []),
        { ...problem, identifier: event.identifier },
      ]);
    }
    const made = [...problems].map(([meter, found]) => this.#report(meter, found));
    this.reports.push(...made);
    return made;
  }

  /** What a customer's invoice would ask for, by meter. */
  usage(): Record<string, Record<string, number>> {
    const sums: Record<string, Record<string, number>> = {};
    for (const { state, payload, eventName } of this.events) {
      if (state !== 'counted') continue;
      const customer = payload['stripe_customer_id'] ?? '';
      const before = sums[customer]?.[eventName] ?? 0;
      sums[customer] = { ...sums[customer], [eventName]: before + Number(payload['value']) };
    }
    return sums;
  }

  /** Of the events of one customer whose time is in [start, end), s. */
  counted(meter: Meter, customer: string, startS: number, endS: number): number {
    return this.events
      .filter(
        ({ state, eventName, payload, timestampMs }) =>
          state === 'counted' &&
          eventName === meter.eventName &&
          payload['stripe_customer_id'] === customer &&
          timestampMs >= startS * 1_000 &&
          timestampMs < endS * 1_000,
      )
      .reduce((sum, { payload }) => sum + Number(payload['value']), 0);
  }

  openSession(): { readonly token: string; readonly expiresMs: number } {
    const token = `sess_test_${this.#world.id('mes')}`;
    const expiresMs = this.#clock.nowMs() + stripeLimits.meterSessionMs;
    this.#sessions.set(token, expiresMs);
    return { token, expiresMs };
  }

  hasSession(token: string): boolean {
    return this.#clock.nowMs() < (this.#sessions.get(token) ?? 0);
  }

  #problem(event: MeterEvent): Problem | undefined {
    const meter = this.meters.get(event.eventName);
    if (meter === undefined)
      return { code: 'no_meter', message: `No meter has the event name ${event.eventName}.` };
    if (!meter.active)
      return { code: 'archived_meter', message: `The meter ${meter.id} is archived.` };
    const { stripe_customer_id: customer, value } = event.payload;
    if (customer === undefined) {
      return {
        code: 'meter_event_no_customer_defined',
        message: 'The payload has no stripe_customer_id.',
      };
    }
    const known = this.#world.customers.get(customer);
    if (known === undefined || known.deleted) {
      return { code: 'meter_event_customer_not_found', message: `No such customer: ${customer}` };
    }
    if (value === undefined || !/^-?\d{1,15}$/.test(value)) {
      return {
        code: 'meter_event_invalid_value',
        message: `The value ${value} is not a whole number.`,
      };
    }
    return timeProblem(event);
  }

  #report(
    meter: string | null,
    found: readonly (Problem & { readonly identifier: string })[],
  ): MeterReport {
    const codes = [...new Set(found.map(({ code }) => code))];
    const now = this.#clock.nowMs();
    return {
      id: this.#world.id('evt'),
      type:
        meter === null
          ? 'v1.billing.meter.no_meter_found'
          : 'v1.billing.meter.error_report_triggered',
      createdMs: now,
      meter,
      data: {
        developer_message_summary: `There are ${found.length} invalid events.`,
        reason: {
          error_count: found.length,
          error_types: codes.map((code) => {
            const alike = found.filter((one) => one.code === code);
            return {
              code,
              error_count: alike.length,
              sample_errors: alike.slice(0, SAMPLES_MAX).map(({ message, identifier }) => ({
                error_message: message,
                request: { identifier },
              })),
            };
          }),
        },
        validation_start: new Date(now - 10_000).toISOString(),
        validation_end: new Date(now).toISOString(),
      },
    };
  }
}

/** Samples are no list of all: who wants to send the rejected again must know what it sent. */
const SAMPLES_MAX = 10;

function timeProblem({ timestampMs, receivedMs }: MeterEvent): Problem | undefined {
  const { meterEventAgeMsMax, meterEventAheadMsMax } = stripeLimits;
  if (receivedMs - timestampMs > meterEventAgeMsMax) {
    return {
      code: 'timestamp_too_far_in_past',
      message: 'The timestamp must be within the past 35 calendar days.',
    };
  }
  if (timestampMs - receivedMs > meterEventAheadMsMax) {
    return {
      code: 'timestamp_in_future',
      message: 'The timestamp must not be more than 5 minutes in the future.',
    };
  }
  return undefined;
}

/** The notice that a webhook brings: without its content, which is fetched. */
export function thinView(report: MeterReport): Json {
  const { id, type, createdMs, meter } = report;
  return {
    id,
    object: 'v2.core.event',
    context: null,
    created: new Date(createdMs).toISOString(),
    livemode: false,
    reason: null,
    related_object:
      meter === null
        ? null
        : { id: meter, type: 'billing.meter', url: `/v1/billing/meters/${meter}` },
    type,
  };
}
