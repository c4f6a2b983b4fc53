/** Starts the fake Stripe in this process, for tests and the demo. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buildStripe, type RequestRecord, type StripeFakeOptions } from './app.ts';
import { machineClock } from './clock.ts';
import { Dashboard } from './dashboard.ts';
import type { Meters } from './meters.ts';
import { type StripeState, stateOf } from './state.ts';
import type { Webhooks } from './webhooks.ts';
import type { Faults } from './wire/faults.ts';

export interface RunningStripe {
  readonly url: string;
  /** For the official client: `new Stripe('sk_test_fake', { ...stripe.client, maxNetworkRetries: 0 })`. */
  readonly client: { readonly host: string; readonly port: number; readonly protocol: 'http' };
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly meters: Meters;
  /** What a person does by hand. */
  readonly dashboard: Dashboard;
  /** Every request that came, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** Everything that Stripe knows now, in the shape of its answers. */
  readonly state: () => StripeState;
  /** Search finds what was written this long ago; a minute unless told. */
  readonly delaySearchBy: (ms: number) => void;
  readonly stop: () => Promise<void>;
}

export type StartOptions = Partial<StripeFakeOptions> & { readonly port?: number };

/** On the machine's time, unless a clock is given. */
export async function startStripe(options: StartOptions = {}): Promise<RunningStripe> {
  const { port = 0, clock = machineClock, ...more } = options;
  const { server, world, webhooks, meters, faults, requests } = buildStripe({ clock, ...more });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    client: { host: '127.0.0.1', port: address.port, protocol: 'http' },
    faults,
    webhooks,
    meters,
    dashboard: new Dashboard(world),
    requests,
    state: () => stateOf(world),
    delaySearchBy: (ms) => world.search.delayBy(ms),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
