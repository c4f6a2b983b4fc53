/**
 * Webhooks: each event is signed for each endpoint that wants it, and waits until somebody delivers it,
 * so that a test says in which order, how often and how late it comes.
 */
import { createHmac } from 'node:crypto';
import type { StripeClock } from './clock.ts';
import { type MeterReport, thinView } from './meters.ts';
import { eventView } from './objects/views.ts';
import type { Json, StripeEvent, World } from './objects/world.ts';

export interface Endpoint {
  readonly id: string;
  readonly createdS: number;
  url: string;
  readonly secret: string;
  enabledEvents: readonly string[];
  description: string | null;
  metadata: Record<string, string>;
  disabled: boolean;
}

export interface SignedEvent {
  readonly event: StripeEvent;
  readonly endpoint: Endpoint;
  readonly payload: string;
  /** The value of `stripe-signature`. */
  readonly signature: string;
}

export interface Delivery {
  readonly eventId: string;
  readonly type: string;
  /** 0 where there was no answer. */
  readonly status: number;
}

export class Webhooks {
  readonly endpoints = new Map<string, Endpoint>();
  readonly #clock: StripeClock;
  #pending: { readonly event: StripeEvent; readonly endpoint: Endpoint }[] = [];

  constructor(world: World) {
    this.#clock = world.clock;
    world.onEvent = (event) => {
      for (const endpoint of this.endpoints.values()) {
        const wanted = endpoint.enabledEvents.some((type) => type === '*' || type === event.type);
        if (wanted && !endpoint.disabled) this.#pending.push({ event, endpoint });
      }
    };
  }

  pendingOf(event: StripeEvent): number {
    return this.#pending.filter((one) => one.event === event).length;
  }

  /** What waits, oldest first, signed as of now. */
  pending(): SignedEvent[] {
    return this.#pending.map(({ event, endpoint }) => this.sign(event, endpoint));
  }

  sign(event: StripeEvent, endpoint: Endpoint): SignedEvent {
    const payload = JSON.stringify(eventView(event, this.pendingOf(event)));
    const timestampS = Math.floor(this.#clock.nowMs() / 1_000);
    return {
      event,
      endpoint,
      payload,
      signature: signatureOf(payload, endpoint.secret, timestampS),
    };
  }

  /**
   * Posts all that waits. What is not answered with a 2xx waits on, as Stripe tries again for three
   * days. `arrange` gives order and copies; the default is each once, oldest first.
   */
  async deliver(
    arrange: (waiting: SignedEvent[]) => readonly SignedEvent[] = (all) => all,
  ): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    for (const signed of arrange(this.pending())) {
      const status = await post(signed);
      const { event, endpoint } = signed;
      deliveries.push({ eventId: event.id, type: event.type, status });
      if (status < 200 || status > 299) continue;
      this.#pending = this.#pending.filter(
        (one) => one.event !== event || one.endpoint !== endpoint,
      );
    }
    return deliveries;
  }
}

/** A thin notice, as an event destination of v2 gets it. */
export function signThin(
  report: MeterReport,
  secret: string,
  nowMs: number,
): { readonly payload: string; readonly signature: string } {
  const payload = JSON.stringify(thinView(report));
  return { payload, signature: signatureOf(payload, secret, Math.floor(nowMs / 1_000)) };
}

/** docs.stripe.com/webhooks/signature: HMAC-SHA256 over `timestamp.payload`. */
function signatureOf(payload: string, secret: string, timestampS: number): string {
  const digest = createHmac('sha256', secret).update(`${timestampS}.${payload}`).digest('hex');
  return `t=${timestampS},v1=${digest}`;
}

async function post({ endpoint, payload, signature }: SignedEvent): Promise<number> {
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
      body: payload,
      signal: AbortSignal.timeout(10_000),
    });
    await response.body?.cancel();
    return response.status;
  } catch (cause) {
    if (
      cause instanceof TypeError ||
      (cause instanceof DOMException && cause.name === 'TimeoutError')
    )
      return 0;
    throw cause;
  }
}

export function endpointView(endpoint: Endpoint): Json {
  return {
    id: endpoint.id,
    object: 'webhook_endpoint',
    api_version: null,
    application: null,
    created: endpoint.createdS,
    description: endpoint.description,
    enabled_events: [...endpoint.enabledEvents],
    livemode: false,
    metadata: { ...endpoint.metadata },
    status: endpoint.disabled ? 'disabled' : 'enabled',
    url: endpoint.url,
  };
}
