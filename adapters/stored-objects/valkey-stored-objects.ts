/**
 * Owners of stored objects in Valkey, or Redis from 5 on: one primary, which all proxies of an installation
 * use. Nothing waits for a connection, and nothing is sent again after one was lost: a server that is away
 * fails what is asked. What such a server forgets is nobody's.
 */
import {
  connectValkey,
  type ValkeyConnection,
  type ValkeyServer,
} from '../valkey/valkey-connection.ts';
import { type StoredLimits, storedLimits } from './stored-limits.ts';
import {
  type RunningObject,
  type StoredAt,
  type StoredObjects,
  storedKey,
} from './stored-objects.ts';
import { BEGIN, DUE, ENDED, FORGET, KEEP, LATER } from './valkey-stored-scripts.ts';

export type ValkeyStoredOptions = ValkeyServer & {
  /** Start of every key. */
  prefix: string;
  limits?: Partial<StoredLimits>;
};

type Scripts = {
  storedKeep(...args: (string | number)[]): Promise<number>;
  storedForget(...args: string[]): Promise<number>;
  storedBegin(...args: (string | number)[]): Promise<number>;
  storedDue(...args: (string | number)[]): Promise<string[]>;
  storedLater(...args: (string | number)[]): Promise<number>;
  storedEnded(...args: string[]): Promise<number>;
};

export function openValkeyStoredObjects(options: ValkeyStoredOptions): StoredObjects {
  return new ValkeyStoredObjects(options);
}

class ValkeyStoredObjects implements StoredObjects {
  readonly #connection: ValkeyConnection<Scripts>;
  readonly #limits: StoredLimits;
  /** The index of all, and how the names of an owner's index and of an object begin. */
  readonly #names: readonly [string, string, string];

  /** Records of what goes on, and when each is due. */
  readonly #running: readonly [string, string];

  constructor({ prefix, limits, ...server }: ValkeyStoredOptions) {
    this.#limits = { ...storedLimits, ...limits };
    const tag = `{${prefix}:stored}`;
    this.#names = [`${tag}:index`, `${tag}:of:`, `${tag}:object:`];
    this.#running = [`${tag}:running`, `${tag}:due`];
    this.#connection = connectValkey<Scripts>(
      server,
      this.#limits,
      'the store of what providers have stored',
      {
        storedKeep: { numberOfKeys: 1, lua: KEEP },
        storedForget: { numberOfKeys: 1, lua: FORGET },
        storedBegin: { numberOfKeys: 2, lua: BEGIN },
        storedDue: { numberOfKeys: 2, lua: DUE },
        storedLater: { numberOfKeys: 2, lua: LATER },
        storedEnded: { numberOfKeys: 2, lua: ENDED },
      },
    );
  }

  async keep(ids: readonly string[], { owner, provider }: StoredAt): Promise<void> {
    const { lifeMs, objectsPerOwnerMax, objectsMax, removedAtOnce, objectsAtOnceMax } =
      this.#limits;
    await this.#connection.client.storedKeep(
      ...[...this.#names, owner, provider, lifeMs, objectsPerOwnerMax, objectsMax, removedAtOnce],
      ...ids.slice(0, objectsAtOnceMax).map(storedKey),
    );
  }

  async find(ids: readonly string[]): Promise<(StoredAt | null)[]> {
    if (ids.length === 0) return [];
    const [, , start] = this.#names;
    const found = await this.#connection.client.mget(ids.map((id) => start + storedKey(id)));
    return found.map((value) => {
      const at = value?.indexOf('\n') ?? -1;
      if (value === null || at === -1) return null;
      return { owner: value.slice(0, at), provider: value.slice(at + 1) };
    });
  }

  async forget(id: string): Promise<void> {
    await this.#connection.client.storedForget(...this.#names, storedKey(id));
  }

  async begin(running: RunningObject, afterMs: number): Promise<boolean> {
    const args = [storedKey(running.id), JSON.stringify(running), afterMs, this.#limits.runningMax];
    return (await this.#connection.client.storedBegin(...this.#running, ...args)) === 1;
  }

  async running(id: string): Promise<RunningObject | null> {
    const found = await this.#connection.client.hget(this.#running[0], storedKey(id));
    return found === null ? null : (JSON.parse(found) as RunningObject);
  }

  async due(leaseMs: number, atOnceMax: number): Promise<RunningObject[]> {
    const found = await this.#connection.client.storedDue(...this.#running, leaseMs, atOnceMax);
    return found.map((record) => JSON.parse(record) as RunningObject);
  }

  async later(id: string, afterMs: number): Promise<void> {
    const args = [storedKey(id), Math.round(afterMs)];
    await this.#connection.client.storedLater(...this.#running, ...args);
  }

  async ended(id: string): Promise<void> {
    await this.#connection.client.storedEnded(...this.#running, storedKey(id));
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
