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
import { type StoredAt, type StoredObjects, storedKey } from './stored-objects.ts';
import { FORGET, KEEP } from './valkey-stored-scripts.ts';

export type ValkeyStoredOptions = ValkeyServer & {
  /** Start of every key. */
  prefix: string;
  limits?: Partial<StoredLimits>;
};

type Scripts = {
  storedKeep(...args: (string | number)[]): Promise<number>;
  storedForget(...args: string[]): Promise<number>;
};

export function openValkeyStoredObjects(options: ValkeyStoredOptions): StoredObjects {
  return new ValkeyStoredObjects(options);
}

class ValkeyStoredObjects implements StoredObjects {
  readonly #connection: ValkeyConnection<Scripts>;
  readonly #limits: StoredLimits;
  /** The index of all, and how the names of an owner's index and of an object begin. */
  readonly #names: readonly [string, string, string];

  constructor({ prefix, limits, ...server }: ValkeyStoredOptions) {
    this.#limits = { ...storedLimits, ...limits };
    const tag = `{${prefix}:stored}`;
    this.#names = [`${tag}:index`, `${tag}:of:`, `${tag}:object:`];
    this.#connection = connectValkey<Scripts>(
      server,
      this.#limits,
      'the store of what providers have stored',
      {
        storedKeep: { numberOfKeys: 1, lua: KEEP },
        storedForget: { numberOfKeys: 1, lua: FORGET },
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

  async close(): Promise<void> {
    this.#connection.close();
  }
}
