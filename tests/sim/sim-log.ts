/** The log in memory: it takes records at least once, and keeps every one it was ever sent. */
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { Network } from './network.ts';
import type { Process, World } from './world.ts';

const PARTITIONS = 4;

export type Logged = { event: UsageEvent; atMs: number };

export class SimLog {
  readonly #world: World;
  readonly #network: Network;
  readonly #texts = new Map<string, string>();
  /** By id, each once, in the order in which they came. */
  readonly events = new Map<string, Logged>();
  repetitions = 0;

  constructor(world: World, network: Network) {
    this.#world = world;
    this.#network = network;
  }

  of(process: Process): Log {
    const unused = () => {
      throw new Error('nobody reads the simulated log by its port');
    };
    return {
      ordinal: 0,
      partitions: PARTITIONS,
      append: (records) =>
        this.#network.ask(process, () => {
          for (const { value } of records) this.#take(Buffer.from(value).toString());
          return records.map(() => 0n);
        }),
      ...{ read: unused, ends: unused, commit: unused, committed: unused },
      close: async () => undefined,
    };
  }

  #take(text: string): void {
    const event = JSON.parse(text) as UsageEvent;
    const known = this.#texts.get(event.id);
    if (known === undefined) {
      this.#texts.set(event.id, text);
      this.events.set(event.id, { event, atMs: this.#world.nowMs });
      this.#world.note(null, () => `logged ${event.id} ${event.status} ${event.cost}`);
      return;
    }
    this.repetitions++;
    // Stored bytes are shipped, never rebuilt ones.
    if (known !== text) this.#world.violate(`I1: attempt ${event.id} has two different records`);
  }
}
