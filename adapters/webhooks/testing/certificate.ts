/**
 * Self-signed certificates for receivers on this machine (RFC 5280), made when a test needs one: no file
 * of them can expire.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export type Certificate = { key: string; cert: string };

const DAY_MS = 86_400_000;

/**
 * @param address of the server, IPv4
 * @param endMs until when it is valid, Unix ms; default: for a day
 */
export function selfSigned(address = '127.0.0.1', endMs = Date.now() + DAY_MS): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid(COMMON_NAME), utf8('receiver of a test'))));
  const signature = sequence(oid(ECDSA_SHA256));
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    signature,
    name,
    sequence(time(endMs - 2 * DAY_MS), time(endMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(authority(), namedBy(address))),
  );
  const signed = sign('sha256', toBeSigned, privateKey);
  const whole = sequence(toBeSigned, signature, tagged(0x03, Buffer.from([0]), signed));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}

const COMMON_NAME = [0x55, 4, 3];
const ECDSA_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const ALTERNATIVE_NAME = [0x55, 0x1d, 0x11];

/** It may be trusted as an authority of its own. */
function authority(): Buffer {
  const isAuthority = tagged(0x01, Buffer.from([0xff]));
  return sequence(oid(BASIC_CONSTRAINTS), isAuthority, octets(sequence(isAuthority)));
}

function namedBy(address: string): Buffer {
  const bytes = Buffer.from(address.split('.').map(Number));
  return sequence(oid(ALTERNATIVE_NAME), octets(sequence(tagged(0x87, bytes))));
}

/** In DER (ITU-T X.690): a tag, a length, and what it holds. */
function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]) => tagged(0x30, ...parts);
const set = (...parts: Buffer[]) => tagged(0x31, ...parts);
const explicit = (number: number, ...parts: Buffer[]) => tagged(0xa0 + number, ...parts);
const integer = (bytes: Buffer) => tagged(0x02, bytes);
const octets = (bytes: Buffer) => tagged(0x04, bytes);
const oid = (bytes: readonly number[]) => tagged(0x06, Buffer.from(bytes));
const utf8 = (text: string) => tagged(0x0c, Buffer.from(text));

function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tagged(0x18, Buffer.from(digits));
}
