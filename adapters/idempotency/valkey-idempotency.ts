/**
 * Clients' keys in Valkey, or Redis from 5 on: one primary, which all proxies of an installation use.
 * Nothing waits for a connection, and nothing is sent again after one was lost: a server that is away
 * fails what is asked.
 *
 * What such a server forgets may be sent twice: it needs an append-only file and no eviction
 * (docs/operations.md).
 */
import { Redis } from 'iovalkey';
import { Backoff } from '../backoff/backoff.ts';
import { type IdempotencyLimits, idempotencyLimits } from './idempotency-limits.ts';
import type { Claim, Claimed, IdempotencyStore } from './idempotency-store.ts';
import { CLAIM, FINISH, FORGET, RENEW } from './valkey-idempotency-scripts.ts';

export type ValkeyIdempotencyOptions = {
  /** `redis://` or `rediss://`. */
  url: string;
  /** The certificate authority that signed the server's certificate, in PEM. */
  ca?: string;
  /** Start of every key. */
  prefix: string;
  logger: { warn(fields: object, message: string): void };
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
  readonly #client: Redis & Scripts;
  readonly #limits: IdempotencyLimits;
  readonly #logger: ValkeyIdempotencyOptions['logger'];
  /** The four keys of all, and the start of an entry's name. */
  readonly #names: readonly [string, string, string, string, string];
  #lost: Error | undefined;
  #closing = false;

  constructor({ url, ca, prefix, logger, limits }: ValkeyIdempotencyOptions) {
    this.#limits = { ...idempotencyLimits, ...limits };
    this.#logger = logger;
    const tag = `{${prefix}:idempotency}`;
    this.#names = [`${tag}:index`, `${tag}:keys`, `${tag}:bytes`, `${tag}:sizes`, `${tag}:key:`];
    const backoff = new Backoff(this.#limits.reconnectMs, Math.random);
    const { connectTimeoutMs, commandTimeoutMs } = this.#limits;
    const client = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => backoff.next(),
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    client.defineCommand('keyClaim', { numberOfKeys: 4, lua: CLAIM });
    client.defineCommand('keyRenew', { numberOfKeys: 4, lua: RENEW });
    client.defineCommand('keyFinish', { numberOfKeys: 4, lua: FINISH });
    client.defineCommand('keyForget', { numberOfKeys: 4, lua: FORGET });
    client.on('ready', () => {
      backoff.reset();
      if (this.#lost !== undefined) this.#logger.warn({}, 'the store of clients’ keys is back');
      this.#lost = undefined;
    });
    client.on('close', () => this.#report(new Error('the connection has ended')));
    client.on('error', (error: Error) => this.#report(error));
    this.#client = client as Redis & Scripts;
  }

  async claim({ id, owner, request, token, leaseMs, lifeMs }: Claim): Promise<Claimed> {
    const { keysPerOwnerMax, keysMax, removedAtOnce } = this.#limits;
    const [kind, record] = await this.#client.keyClaimBuffer(
      ...[...this.#names, id, owner, request, token, leaseMs, lifeMs],
      ...[keysPerOwnerMax, keysMax, removedAtOnce],
    );
    if (record !== undefined) return { kind: 'answered', record };
    return { kind: String(kind) } as Claimed;
  }

  async renew(id: string, token: string, leaseMs: number): Promise<void> {
    await this.#client.keyRenew(...this.#names, id, token, leaseMs);
  }

  async finish(id: string, token: string, record: Uint8Array): Promise<boolean> {
    const { bytesPerOwnerMax, bytesMax, noteBytes } = this.#limits;
    const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
    const bounds = [bytesPerOwnerMax, bytesMax, noteBytes];
    return (await this.#client.keyFinish(...this.#names, id, token, bytes, ...bounds)) === 1;
  }

  async forget(id: string, token: string): Promise<void> {
    await this.#client.keyForget(...this.#names, id, token);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#client.disconnect();
  }

  /** Once each time that it is lost: it is tried again many times a second. */
  #report(error: Error): void {
    if (this.#lost === undefined && !this.#closing) {
      this.#logger.warn({ err: error }, 'the store of clients’ keys is lost');
    }
    this.#lost = error;
  }
}
