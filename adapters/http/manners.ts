/**
 * What every HTTP server of ours does, whatever it serves: how browsers may use its pages, which
 * names it answers to, and which headers a request may state only once.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { STATUS_CODES } from 'node:http';

/** No script, no frame, no guess at types: what we serve is text and JSON, and one plain page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** Of what passes through us to a program: no page, but no browser may guess that it is one. */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
};

export type HostPolicy = (host: string | undefined) => boolean;

export const anyHost: HostPolicy = () => true;

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/**
 * Whether a request means us. A page of another site can make its own name lead to this machine (DNS
 * rebinding), and the browser then sends that name; an address cannot be made to lead elsewhere.
 *
 * @param listensOn on a loopback address, names other than `localhost` have to be listed
 * @param names without ports; if there are any, other names are refused on every address
 */
export function hostPolicy(listensOn: string, names: readonly string[]): HostPolicy {
  const isLocal = listensOn === 'localhost' || listensOn === '::1' || listensOn.startsWith('127.');
  if (!isLocal && names.length === 0) return anyHost;
  const known = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  const isOurs = (host: string) => {
    const name = host.toLowerCase().replace(/:\d*$/, '');
    return known.has(name) || ADDRESS.test(name);
  };
  // Call after call names the same host.
  let last = { host: '', isOurs: false };
  return (host) => {
    // A load balancer's check of HTTP/1.0 names none; a browser always does.
    if (host === undefined) return true;
    if (host !== last.host) last = { host, isOurs: isOurs(host) };
    return last.isOurs;
  };
}

/** Two of one of these would let two readers of a request see two different requests. */
const SINGLE = [
  ...['authorization', 'x-api-key', 'host', 'content-type', 'idempotency-key'],
  'x-tollgate-end-user',
];
/** By the length of a name, the only one of them that it can be, and its bit. */
const SINGLE_BY_LENGTH = new Map(SINGLE.map((name, bit) => [name.length, { name, bit: 1 << bit }]));

/** The name of such a header that a request has twice. @param raw names and values in turn */
export function repeatedHeader(raw: readonly string[]): string | undefined {
  let seen = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const header = raw[i] as string;
    const single = SINGLE_BY_LENGTH.get(header.length);
    if (single === undefined || single.name !== header.toLowerCase()) continue;
    // seam: header-is-stated-once
    if ((seen & single.bit) !== 0) return single.name;
    seen |= single.bit;
  }
  return undefined;
}

/** In constant time. @param token null: nobody has to name one */
export function hasToken(authorization: string | undefined, token: string | null): boolean {
  if (token === null) return true;
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** As each server's catalogue of errors names it. */
type SocketFault = 'headers_too_large' | 'request_timeout' | 'malformed_request';

/** What Node's server means by an error of a connection. */
export function socketFault(error: Error & { code?: string }): SocketFault {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'malformed_request';
}

/** A whole answer, for a connection on which no request could be read. */
export function lastWords(status: number, type: string, body: string): string {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(PAGE_HEADERS).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
