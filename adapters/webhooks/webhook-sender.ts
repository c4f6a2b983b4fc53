/**
 * Port and implementation: sends one signed event to one URL, by Standard Webhooks through its library
 * (standardwebhooks.com). One request, no redirect, bounded in time and in what is read of the answer;
 * the address is checked as the connection is made (destinations.ts).
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { Agent, buildConnector } from 'undici';
import type { Destinations } from './destinations.ts';

export type WebhookMessage = {
  url: string;
  /** `whsec_…`; each of them signs. */
  secrets: readonly string[];
  /** The same at every attempt, so that the receiver can tell a repetition. */
  id: string;
  body: string;
  /** Unix ms; receivers refuse what is minutes old. */
  atMs: number;
};

export type SendResult = {
  /** Null: no answer came. */
  status: number | null;
  /** A short code; null: it was delivered. */
  error: string | null;
};

export type WebhookSender = {
  /** Never rejects: what went wrong is a result. */
  send(message: WebhookMessage): Promise<SendResult>;
  close(): Promise<void>;
};

type Lookup = (
  host: string,
  options: { all: true },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

export type WebhookSenderOptions = {
  destinations: Destinations;
  /** From the look-up of the name to the end of the answer. */
  timeoutMs: number;
  /** What is read of an answer; then the connection is closed. */
  answerBytesMax: number;
  /** Default: the system's. */
  lookup?: Lookup;
};

/** The address is one that may not be reached. */
class AddressRefused extends Error {}

const KEEP_ALIVE_MS = 1_000;
const HEADER_BYTES_MAX = 16 * 1024;

export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { timeoutMs, answerBytesMax } = options;
  const agent = new Agent({
    connect: checkedConnector(options),
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  return {
    async send(message) {
      const refused = options.destinations.refusalOf(message.url);
      if (refused !== null) return { status: null, error: 'address_not_allowed' };
      const url = new URL(message.url);
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        // undici follows no redirect unless it is told to.
        const { statusCode, body } = await agent.request({
          ...{ origin: url.origin, path: url.pathname + url.search, method: 'POST', signal },
          headers: signed(message),
          body: message.body,
        });
        // The status has decided: whatever becomes of the rest of the answer changes nothing.
        await body.dump({ limit: answerBytesMax, signal }).catch(() => undefined);
        return resultOf(statusCode);
      } catch (error) {
        return { status: null, error: codeOf(error) };
      }
    },
    close: () => agent.destroy(),
  };
}

export function signed({ id, body, atMs, secrets }: WebhookMessage): Record<string, string> {
  const at = new Date(atMs);
  // seam: webhook-is-signed
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, at, body));
  return {
    'content-type': 'application/json',
    'user-agent': 'tollgate-webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1000)),
    'webhook-signature': signatures.join(' '),
  };
}

function resultOf(status: number): SendResult {
  // seam: redirect-is-no-delivery
  if (status >= 200 && status < 300) return { status, error: null };
  return { status, error: status >= 300 && status < 400 ? 'redirect' : 'http_status' };
}

export function checkedConnector(
  options: Pick<WebhookSenderOptions, 'destinations' | 'timeoutMs' | 'lookup'>,
): buildConnector.connector {
  const { destinations, timeoutMs, lookup = systemLookup as Lookup } = options;
  const checkedLookup = (
    host: string,
    asked: { all?: boolean },
    done: (error: Error | null, found: string | LookupAddress[], family?: number) => void,
  ) => {
    lookup(host, { all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      // One address that is not allowed among others is a trap, or will be.
      const isAllowed = ({ address }: LookupAddress) => destinations.isAllowed(host, address);
      const [first] = found;
      if (first === undefined || !found.every(isAllowed)) return done(new AddressRefused(), []);
      if (asked.all) return done(null, found);
      done(null, first.address, first.family);
    });
  };
  // seam: certificate-is-checked
  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    ...{ lookup: checkedLookup, autoSelectFamily: true },
  } as buildConnector.BuildOptions);
  return (target, callback) => {
    // A look-up is made of names alone (nodejs/undici#2019).
    const host = target.hostname.replaceAll(/[[\]]/g, '');
    if (isIP(host) !== 0 && !destinations.isAllowed(host, host)) {
      return callback(new AddressRefused(), null);
    }
    connect(target, callback);
  };
}

const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
};

/** Of a fixed list: what a system says about its network is not for the caller. */
export function codeOf(error: unknown): string {
  if (error instanceof AddressRefused) return 'address_not_allowed';
  const { name, code = '' } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  if (/CERT|SSL|TLS|SIGNED|VERIFY/.test(code)) return 'tls_failed';
  return CODES[code] ?? 'connection_failed';
}
