/**
 * Rates in Valkey, or Redis from 5 on: one primary, which all proxies of an installation use. Every
 * verb is one atomic script (`valkey-scripts.ts`) and is sent once: nothing waits for a connection,
 * and nothing is sent again after one was lost, since a share that is given back twice exceeds its
 * limit.
 *
 * A server that has restarted, or another one in its place, does not know what was given before: from
 * windows that had begun it gives nothing, whatever it kept on its disk.
 */
import { Redis } from 'iovalkey';
import { Backoff } from '../backoff/backoff.ts';
import type { RateCorrection, RateShare, RateStore, RateTake, SlotClaim } from './rates.ts';
import { type ValkeyLimits, valkeyLimits } from './valkey-limits.ts';
import { CLAIM, CORRECT, TAKE } from './valkey-scripts.ts';

export type ValkeyOptions = {
  /** `redis://` or `rediss://`. */
  url: string;
  /** The certificate authority that signed the server's certificate, in PEM. */
  ca?: string;
  /** Start of every key. */
  prefix: string;
  logger: { warn(fields: object, message: string): void };
  limits?: Partial<ValkeyLimits>;
};

type Scripts = {
  rateTake(key: string, ...args: (string | number)[]): Promise<number[]>;
  rateCorrect(key: string, ...args: (string | number)[]): Promise<number>;
  rateClaim(key: string, ...args: (string | number)[]): Promise<number>;
};

export function openValkeyRates(options: ValkeyOptions): RateStore {
  return new ValkeyRates(options);
}

class ValkeyRates implements RateStore {
  readonly #client: Redis & Scripts;
  readonly #prefix: string;
  readonly #limits: ValkeyLimits;
  readonly #logger: ValkeyOptions['logger'];
  readonly #backoff: Backoff;
  /** Windows that began before it are not known, server's Unix ms; null: not connected. */
  #knownFromMs: number | null = null;
  /** Of the history that the server continues. */
  #replicationId: string | undefined;
  #lost: Error | undefined;
  #closing = false;

  constructor({ url, ca, prefix, logger, limits }: ValkeyOptions) {
    this.#limits = { ...valkeyLimits, ...limits };
    this.#prefix = prefix;
    this.#logger = logger;
    this.#backoff = new Backoff(this.#limits.reconnectMs, Math.random);
    const { connectTimeoutMs, commandTimeoutMs } = this.#limits;
    const client = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => this.#backoff.next(),
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    client.defineCommand('rateTake', { numberOfKeys: 1, lua: TAKE });
    client.defineCommand('rateCorrect', { numberOfKeys: 1, lua: CORRECT });
    client.defineCommand('rateClaim', { numberOfKeys: 1, lua: CLAIM });
    client.on('ready', () => void this.#learn());
    client.on('close', () => {
      const wasKnown = this.#knownFromMs !== null;
      this.#knownFromMs = null;
      if (wasKnown && !this.#closing) this.#report(new Error('the connection has ended'));
    });
    client.on('error', (error: Error) => this.#report(error));
    this.#client = client as Redis & Scripts;
  }

  async take(take: RateTake): Promise<RateShare> {
    const { counter, lengthMs, limit, smoothing, need, most } = take;
    const known = this.#known();
    const key = `${this.#prefix}:rates:{${counter}}`;
    const said = await this.#client.rateTake(
      ...[key, lengthMs, limit, smoothing ? 1 : 0, need, most, known],
    );
    const [granted = 0, given = 0, windowStartMs = 0, remainingMs = 0, forgotten = 1] = said;
    return { granted, given, windowStartMs, remainingMs, forgotten: forgotten === 1 };
  }

  async correct({ counter, windowStartMs, delta }: RateCorrection): Promise<void> {
    this.#known();
    await this.#client.rateCorrect(`${this.#prefix}:rates:{${counter}}`, windowStartMs, delta);
  }

  async claim({ counter, owner, limit, want, used }: SlotClaim) {
    const leaseMs = this.#limits.slotLeaseMs;
    const key = `${this.#prefix}:slots:{${counter}}`;
    const known = this.#known();
    const slots = await this.#client.rateClaim(key, owner, limit, want, used, leaseMs, known);
    return { slots, leaseMs };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#client.disconnect();
  }

  #known(): number {
    if (this.#knownFromMs !== null) return this.#knownFromMs;
    throw new Error('the store of rates is not connected', { cause: this.#lost });
  }

  /** What a new connection must know before it is used: since when its server has been counting. */
  async #learn(): Promise<void> {
    try {
      const [info, [seconds = 0] = []] = await Promise.all([
        this.#client.info(),
        this.#client.time(),
      ]);
      const nowMs = Number(seconds) * 1_000;
      const uptimeMs = Number(field(info, 'uptime_in_seconds')) * 1_000;
      const replicationId = field(info, 'master_replid');
      const isOther = this.#replicationId !== undefined && this.#replicationId !== replicationId;
      const startedMs = nowMs - uptimeMs + this.#limits.uptimeErrorMs;
      this.#knownFromMs = isOther ? nowMs + this.#limits.uptimeErrorMs : startedMs;
      this.#replicationId = replicationId;
      this.#backoff.reset();
      if (this.#lost !== undefined) this.#logger.warn({}, 'the store of rates is back');
      this.#lost = undefined;
      const policy = field(info, 'maxmemory_policy');
      if (field(info, 'maxmemory') !== '0' && policy !== 'noeviction') {
        this.#logger.warn({ policy }, 'the store of rates may evict counters: set noeviction');
      }
    } catch (error) {
      this.#report(error as Error);
      this.#client.disconnect(true);
    }
  }

  /** Once each time that it is lost: it is tried again many times a second. */
  #report(error: Error): void {
    if (this.#lost === undefined) this.#logger.warn({ err: error }, 'the store of rates is lost');
    this.#lost = error;
  }
}

/** Of the answer to INFO: lines of `name:value`. */
function field(info: string, name: string): string {
  const line = info.split('\r\n').find((one) => one.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`the store of rates does not state ${name}`);
  return line.slice(name.length + 1);
}
