/**
 * Clients' keys in Valkey, or Redis from 5 on: one primary, which all proxies of an installation use.
 * Nothing waits for a connection, and nothing is sent again after one was lost: a server that is away
 * fails what is asked.
 *
 * What such a server forgets may be sent twice: it needs an append-only file and no eviction
 * (docs/operations.md).
 */
import {
  connectValkey,
  type ValkeyConnection,
  type ValkeyServer,
} from '../valkey/valkey-connection.ts';
import { type IdempotencyLimits, idempotencyLimits } from './idempotency-limits.ts';
import type { Claim, Claimed, IdempotencyStore } from './idempotency-store.ts';
import { CLAIM, FINISH, FORGET, RENEW } from './valkey-idempotency-scripts.ts';

export type ValkeyIdempotencyOptions = ValkeyServer & {
  /** Start of every key. */
  prefix: string;
  limits?: Partial<IdempotencyLimits>;
};

type Argument = string | number | Buffer;
type Scripts = {
  keyClaimBuffer(...args: Argument[]): Promise<Buffer[]>;
  keyRenew(...args: Argument[]): Promise<number>;
  keyFinish(...args: Argument[]): Promise<number>;
  keyForget(...args: Argument[]): Promise<number>;
};

export function openValkeyIdempotency(options: ValkeyIdempotencyOptions): IdempotencyStore {
  return new ValkeyIdempotency(options);
}

class ValkeyIdempotency implements IdempotencyStore {
  readonly #connection: ValkeyConnection<Scripts>;
  readonly #limits: IdempotencyLimits;
  /** The four keys of all, and the start of an entry's name. */
  readonly #names: readonly [string, string, string, string, string];

  constructor({ prefix, limits, ...server }: ValkeyIdempotencyOptions) {
    this.#limits = { ...idempotencyLimits, ...limits };
    const tag = `{${prefix}:idempotency}`;
    this.#names = [`${tag}:index`, `${tag}:keys`, `${tag}:bytes`, `${tag}:sizes`, `${tag}:key:`];
    this.#connection = connectValkey<Scripts>(server, this.#limits, 'the store of clients’ keys', {
      keyClaim: { numberOfKeys: 4, lua: CLAIM },
      keyRenew: { numberOfKeys: 4, lua: RENEW },
      keyFinish: { numberOfKeys: 4, lua: FINISH },
      keyForget: { numberOfKeys: 4, lua: FORGET },
    });
  }

  async claim({ id, owner, request, token, leaseMs, lifeMs }: Claim): Promise<Claimed> {
    const { keysPerOwnerMax, keysMax, removedAtOnce } = this.#limits;
    const [kind, record] = await this.#connection.client.keyClaimBuffer(
      ...[...this.#names, id, owner, request, token, leaseMs, lifeMs],
      ...[keysPerOwnerMax, keysMax, removedAtOnce],
    );
    if (record !== undefined) return { kind: 'answered', record };
    return { kind: String(kind) } as Claimed;
  }

  async renew(id: string, token: string, leaseMs: number): Promise<void> {
    await this.#connection.client.keyRenew(...this.#names, id, token, leaseMs);
  }

  async finish(id: string, token: string, record: Uint8Array): Promise<boolean> {
    const { bytesPerOwnerMax, bytesMax, noteBytes } = this.#limits;
    const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
    const bounds = [bytesPerOwnerMax, bytesMax, noteBytes];
    return (
      (await this.#connection.client.keyFinish(...this.#names, id, token, bytes, ...bounds)) === 1
    );
  }

  async forget(id: string, token: string): Promise<void> {
    await this.#connection.client.keyForget(...this.#names, id, token);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
