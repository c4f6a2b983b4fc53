/**
 * The connection of a store to Valkey, or Redis from 5 on. Nothing waits for one, and nothing is sent again
 * after one was lost: a server that is away fails what is asked at once, and its store says what that means.
 * It is tried again, with pauses, until the store is closed; that it is lost, and that it is back, is
 * logged once.
 */
import { Redis } from 'iovalkey';
import { Backoff, type BackoffMs } from '../backoff/backoff.ts';

export type ValkeyServer = {
  /** `redis://` or `rediss://`. */
  url: string;
  /** The certificate authority that signed the server's certificate, in PEM. */
  ca?: string;
  logger: { warn(fields: object, message: string): void };
};

export type ValkeyBounds = {
  /** Until a connection is made, TLS included, ms. */
  connectTimeoutMs: number;
  /** One command, ms; beyond it its outcome is unknown. */
  commandTimeoutMs: number;
  /** First and longest pause before the next connection. */
  reconnectMs: BackoffMs;
};

/** Lua by the name of its command; each has so many keys. */
export type ValkeyScripts = Record<string, { numberOfKeys: number; lua: string }>;

export class ValkeyConnection<Commands> {
  readonly client: Redis & Commands;
  readonly #logger: ValkeyServer['logger'];
  readonly #name: string;
  readonly #backoff: Backoff;
  #lost: Error | undefined;
  #closing = false;

  /** @param name of the store, for the log: "the store of rates" */
  constructor(
    { url, ca, logger }: ValkeyServer,
    bounds: ValkeyBounds,
    name: string,
    scripts: ValkeyScripts,
  ) {
    const { connectTimeoutMs, commandTimeoutMs, reconnectMs } = bounds;
    this.#logger = logger;
    this.#name = name;
    this.#backoff = new Backoff(reconnectMs, Math.random);
    const client = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => this.#backoff.next(),
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    for (const [command, script] of Object.entries(scripts)) client.defineCommand(command, script);
    client.on('error', (error: Error) => this.report(error));
    this.client = client as Redis & Commands;
  }

  /** Why there is none; undefined: there is one, or there was none yet. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** It can be used. */
  restored(): void {
    this.#backoff.reset();
    if (this.#lost !== undefined) this.#logger.warn({}, `${this.#name} is back`);
    this.#lost = undefined;
  }

  /** Once each time that it is lost: it is tried again many times a second. */
  report(error: Error): void {
    if (this.#lost === undefined && !this.#closing) {
      this.#logger.warn({ err: error }, `${this.#name} is lost`);
    }
    this.#lost = error;
  }

  close(): void {
    this.#closing = true;
    this.client.disconnect();
  }
}

/** One that can be used as soon as it is made. */
export function connectValkey<Commands>(
  server: ValkeyServer,
  bounds: ValkeyBounds,
  name: string,
  scripts: ValkeyScripts,
): ValkeyConnection<Commands> {
  const connection = new ValkeyConnection<Commands>(server, bounds, name, scripts);
  connection.client.on('ready', () => connection.restored());
  connection.client.on('close', () => connection.report(new Error('the connection has ended')));
  return connection;
}
