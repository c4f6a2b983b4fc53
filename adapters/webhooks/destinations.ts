/**
 * Where a webhook may lead (docs/design.md, Alarms). Operators type these URLs, and the answer to
 * "did it arrive" is told to them: so nothing inside of the network may be asked (SSRF), unless the
 * configuration lists it.
 *
 * An address is checked when a URL is saved, and again as a connection is made, for the very address
 * that is connected to: a name may lead elsewhere by then (DNS rebinding). Of IPv6, only what is
 * routed in public is public; what has an IPv4 address within it is never.
 */
import { BlockList, isIP } from 'node:net';

export type Destinations = {
  /** @returns why the URL is refused, or null */
  refusalOf(url: string): string | null;
  /** @param host the name in the URL, by which the address was found */
  isAllowed(host: string, address: string): boolean;
};

/** Not reachable from the internet, or not one machine there (RFC 6890, RFC 5771, RFC 1112). */
const PRIVATE_4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** What is routed in public, and in it what is not: protocols, documentation, 6to4 and Teredo. */
const PUBLIC_6: readonly [string, number][] = [['2000::', 3]];
const NOT_PUBLIC_6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];
/** A listed name may lead anywhere but there: to the metadata of a cloud's machine, or to many. */
const NEVER_BY_NAME_4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
];
const NEVER_BY_NAME_6: readonly [string, number][] = [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32],
];
const LOCAL_NAME = /(^|\.)(localhost|local|internal|localdomain|lan|home\.arpa)$/;

const private4 = blockList('ipv4', PRIVATE_4);
const public6 = blockList('ipv6', PUBLIC_6);
const notPublic6 = blockList('ipv6', NOT_PUBLIC_6);
const never4 = blockList('ipv4', NEVER_BY_NAME_4);
const never6 = blockList('ipv6', NEVER_BY_NAME_6);

/**
 * @param allow host names, addresses and networks (`10.1.0.0/16`) that may be reached as well, also
 *   without TLS
 * @throws RangeError naming an entry that is none of these
 */
export function destinations(allow: readonly string[]): Destinations {
  const names = new Set<string>();
  const listed4 = new BlockList();
  const listed6 = new BlockList();
  for (const entry of allow) {
    const [address = '', bits, ...more] = entry.split('/');
    const family = isIP(address);
    if (family === 0 && bits === undefined) names.add(nameOf(entry));
    else if (family === 0 || more.length > 0 || !isPrefix(bits, family)) {
      throw new RangeError(`${entry} is no host name, address or network`);
    } else if (family === 4) listed4.addSubnet(address, Number(bits ?? 32), 'ipv4');
    else listed6.addSubnet(address, Number(bits ?? 128), 'ipv6');
  }
  const isListed = (address: string) =>
    isIP(address) === 4 ? listed4.check(address, 'ipv4') : listed6.check(address, 'ipv6');
  return {
    refusalOf(text) {
      const url = URL.parse(text);
      if (url === null || !/^https?:$/.test(url.protocol)) return 'it is no http or https URL';
      if (url.username !== '' || url.password !== '') return 'it has a user name or a password';
      if (url.hash !== '') return 'it has a fragment';
      // The URL parser has already made 127.0.0.1 of 2130706433, 0x7f.1 and 0177.0.0.1.
      const host = nameOf(url.hostname.replaceAll(/[[\]]/g, ''));
      if (isIP(host) !== 0) {
        if (isListed(host)) return null;
        if (!isPublic(host)) return 'its address is not public';
      } else {
        if (names.has(host)) return null;
        if (!host.includes('.') || LOCAL_NAME.test(host)) return 'its name is not public';
      }
      return url.protocol === 'https:' ? null : 'it is not https';
    },
    isAllowed(host, address) {
      const found = address.replace(/%.*$/, '');
      // seam: webhook-address-is-checked
      if (isIP(found) === 0) return false;
      if (isPublic(found) || isListed(found)) return true;
      return names.has(nameOf(host)) && !isNeverByName(found);
    },
  };
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/\.+$/, '');
}

function isPrefix(bits: string | undefined, family: number): boolean {
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !private4.check(address, 'ipv4');
  return public6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6');
}

function isNeverByName(address: string): boolean {
  if (isIP(address) === 4) return never4.check(address, 'ipv4');
  // What has an IPv4 address within it leads to that address, which would have to be checked instead.
  const isPlain = !/^(::|64:ff9b:)/i.test(address) || address === '::1';
  return !isPlain || never6.check(address, 'ipv6');
}

function blockList(family: 'ipv4' | 'ipv6', networks: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of networks) list.addSubnet(network, bits, family);
  return list;
}
