import { describe, expect, it } from 'vitest';
import { destinations } from './destinations.ts';

const open = destinations([]);

describe('the URL of a webhook', () => {
  it.each([
    'https://hooks.example.com/a?b=c',
    'https://hooks.example.com:8443/',
    'https://93.184.216.34/',
    'https://[2606:2800:220:1::1]/',
  ])('%s may be saved', (url) => {
    expect(open.refusalOf(url)).toBeNull();
  });

  // OneUptime/oneuptime#2578: an IPv4 address written as an IPv6 one passed.
  it.each([
    ['nowhere', /no http or https/],
    ['ftp://hooks.example.com/', /no http or https/],
    ['http://hooks.example.com/', /not https/],
    ['https://user:word@hooks.example.com/', /user name/],
    ['https://hooks.example.com/#a', /fragment/],
    ['https://localhost/', /name/],
    ['https://LOCALHOST./', /name/],
    ['https://a.localhost/', /name/],
    ['https://ledger/', /name/],
    ['https://metadata.google.internal/', /name/],
    ['https://printer.local/', /name/],
    ['https://127.0.0.1/', /address/],
    ['https://2130706433/', /address/],
    ['https://0x7f000001/', /address/],
    ['https://0177.0.0.1/', /address/],
    ['https://127.1/', /address/],
    ['https://0/', /address/],
    ['https://10.1.2.3/', /address/],
    ['https://172.31.255.255/', /address/],
    ['https://192.168.0.1/', /address/],
    ['https://100.64.0.1/', /address/],
    ['https://169.254.169.254/latest/meta-data/', /address/],
    ['https://224.0.0.1/', /address/],
    ['https://255.255.255.255/', /address/],
    ['https://[::1]/', /address/],
    ['https://[::]/', /address/],
    ['https://[::ffff:127.0.0.1]/', /address/],
    ['https://[::ffff:a9fe:a9fe]/', /address/],
    ['https://[::127.0.0.1]/', /address/],
    ['https://[64:ff9b::7f00:1]/', /address/],
    ['https://[2002:7f00:1::]/', /address/],
    ['https://[2001:0:1::1]/', /address/],
    ['https://[fe80::1]/', /address/],
    ['https://[fc00::1]/', /address/],
    ['https://[fd00:ec2::254]/', /address/],
    ['https://[ff02::1]/', /address/],
  ])('%s is refused', (url, reason) => {
    expect(open.refusalOf(url)).toMatch(reason);
  });

  it('may lead inside where the configuration lists it, also without TLS', () => {
    const listed = destinations(['receiver', 'Hooks.Internal', '10.1.0.0/16', '::1', '127.0.0.1']);
    for (const url of [
      ...['http://receiver:9000/', 'http://hooks.internal./', 'http://10.1.2.3/', 'http://[::1]/'],
      ...['http://127.0.0.1:8080/'],
    ]) {
      expect([url, listed.refusalOf(url)]).toEqual([url, null]);
    }
    expect(listed.refusalOf('http://10.2.0.1/')).toMatch(/address/);
    expect(listed.refusalOf('http://other.internal/')).toMatch(/name/);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'a/8'])(
    '%s is no entry of the list',
    (entry) => {
      expect(() => destinations([entry])).toThrow(RangeError);
    },
  );
});

describe('the address that a name leads to', () => {
  it('must be public, whatever the name is', () => {
    const isAllowed = (address: string) => open.isAllowed('hooks.example.com', address);
    const inside = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1'];
    expect(inside.map(isAllowed)).toEqual(inside.map(() => false));
    expect(['93.184.216.34', '2606:2800:220:1::1'].map(isAllowed)).toEqual([true, true]);
    expect(['fe80::1%eth0', 'nonsense', ''].map(isAllowed)).toEqual([false, false, false]);
  });

  // ancsemi/Haven#5520: a list of names must not open the metadata of the machine.
  it('may be private for a listed name, and is still no metadata', () => {
    const listed = destinations(['receiver', '169.254.10.0/24']);
    const isAllowed = (address: string) => listed.isAllowed('Receiver', address);
    expect(['10.0.0.1', '127.0.0.1', '::1', 'fd12::1'].map(isAllowed)).toEqual(Array(4).fill(true));
    const never = ['169.254.169.254', '0.0.0.0', 'fe80::1', '::', '::ffff:169.254.169.254'];
    expect(never.map(isAllowed)).toEqual(never.map(() => false));
    expect(isAllowed('fd00:ec2::254')).toBe(false);
    expect(listed.isAllowed('other', '169.254.10.7')).toBe(true);
    expect(listed.isAllowed('other', '10.0.0.1')).toBe(false);
  });
});
