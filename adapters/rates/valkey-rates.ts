/**
 * Rates in Valkey, or Redis from 5 on: one primary, which all proxies of an installation use. Every
 * verb is one atomic script (`valkey-scripts.ts`) and is sent once: nothing waits for a connection,
 * and nothing is sent again after one was lost, since a share that is given back twice exceeds its
 * limit.
 *
 * A server that has restarted, or another one in its place, does not know what was given before: from
 * windows that had begun it gives nothing, whatever it kept on its disk.
 */
import { ValkeyConnection, type ValkeyServer } from '../valkey/valkey-connection.ts';
import type { RateCorrection, RateShare, RateStore, RateTake, SlotClaim } from './rates.ts';
import { type ValkeyLimits, valkeyLimits } from './valkey-limits.ts';
import { CLAIM, CORRECT, TAKE } from './valkey-scripts.ts';

export type ValkeyOptions = ValkeyServer & {
  /** Start of every key. */
  prefix: string;
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
  readonly #connection: ValkeyConnection<Scripts>;
  readonly #prefix: string;
  readonly #limits: ValkeyLimits;
  readonly #logger: ValkeyOptions['logger'];
  /** Windows that began before it are not known, server's Unix ms; null: not connected. */
  #knownFromMs: number | null = null;
  /** Of the history that the server continues. */
  #replicationId: string | undefined;

  constructor({ prefix, limits, ...server }: ValkeyOptions) {
    this.#limits = { ...valkeyLimits, ...limits };
    this.#prefix = prefix;
    this.#logger = server.logger;
    this.#connection = new ValkeyConnection<Scripts>(server, this.#limits, 'the store of rates', {
      rateTake: { numberOfKeys: 1, lua: TAKE },
      rateCorrect: { numberOfKeys: 1, lua: CORRECT },
      rateClaim: { numberOfKeys: 1, lua: CLAIM },
    });
    const { client } = this.#connection;
    client.on('ready', () => void this.#learn());
    client.on('close', () => {
      const wasKnown = this.#knownFromMs !== null;
      this.#knownFromMs = null;
      if (wasKnown) this.#connection.report(new Error('the connection has ended'));
    });
  }

  async take(take: RateTake): Promise<RateShare> {
    const { counter, lengthMs, limit, smoothing, need, most } = take;
    const known = this.#known();
    const key = `${this.#prefix}:rates:{${counter}}`;
    const said = await this.#connection.client.rateTake(
      ...[key, lengthMs, limit, smoothing ? 1 : 0, need, most, known],
    );
    const [granted = 0, given = 0, windowStartMs = 0, remainingMs = 0, forgotten = 1] = said;
    return { granted, given, windowStartMs, remainingMs, forgotten: forgotten === 1 };
  }

  async correct({ counter, windowStartMs, delta }: RateCorrection): Promise<void> {
    this.#known();
    await this.#connection.client.rateCorrect(
      `${this.#prefix}:rates:{${counter}}`,
      windowStartMs,
      delta,
    );
  }

  async claim({ counter, owner, limit, want, used }: SlotClaim) {
    const leaseMs = this.#limits.slotLeaseMs;
    const key = `${this.#prefix}:slots:{${counter}}`;
    const known = this.#known();
    const slots = await this.#connection.client.rateClaim(
      key,
      owner,
      limit,
      want,
      used,
      leaseMs,
      known,
    );
    return { slots, leaseMs };
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #known(): number {
    if (this.#knownFromMs !== null) return this.#knownFromMs;
    throw new Error('the store of rates is not connected', { cause: this.#connection.lost });
  }

  /** What a new connection must know before it is used: since when its server has been counting. */
  async #learn(): Promise<void> {
    try {
      const [info, [seconds = 0] = []] = await Promise.all([
        this.#connection.client.info(),
        this.#connection.client.time(),
      ]);
      const nowMs = Number(seconds) * 1_000;
      const uptimeMs = Number(field(info, 'uptime_in_seconds')) * 1_000;
      const replicationId = field(info, 'master_replid');
      const isOther = this.#replicationId !== undefined && this.#replicationId !== replicationId;
      const startedMs = nowMs - uptimeMs + this.#limits.uptimeErrorMs;
      this.#knownFromMs = isOther ? nowMs + this.#limits.uptimeErrorMs : startedMs;
      this.#replicationId = replicationId;
      this.#connection.restored();
      const policy = field(info, 'maxmemory_policy');
      if (field(info, 'maxmemory') !== '0' && policy !== 'noeviction') {
        this.#logger.warn({ policy }, 'the store of rates may evict counters: set noeviction');
      }
    } catch (error) {
      this.#connection.report(error as Error);
      this.#connection.client.disconnect(true);
    }
  }
}

/** Of the answer to INFO: lines of `name:value`. */
function field(info: string, name: string): string {
  const line = info.split('\r\n').find((one) => one.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`the store of rates does not state ${name}`);
  return line.slice(name.length + 1);
}
