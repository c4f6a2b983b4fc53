import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formatKeySecret, parseKeySecret } from './key-secret.ts';

const random = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);

describe('the text of a virtual key', () => {
  it('has the form that ADR 0001 fixes, checksum included', () => {
    const secret = formatKeySecret('live', random);
    expect(secret).toMatch(/^tg_live_[0-9A-Za-z]{36}$/);
    // Pinned: every key in use was made by this function.
    expect(secret).toBe('tg_live_mPB0j9lEYkOUbUFYyK0t1C0FFIMwMi0Wl5EN');
  });

  it('names its environment', () => {
    expect(parseKeySecret(formatKeySecret('eu-west-2', random))).toEqual({
      environment: 'eu-west-2',
    });
  });

  it.each([
    ['nothing', ''],
    ['a key of somebody else', 'sk-proj-0123456789abcdef0123456789abcdef0123456789abcdef'],
    ['only the prefix', 'tg_'],
    ['no environment', `tg__${'0'.repeat(36)}`],
    ['characters beyond ASCII', `tg_live_${'ä'.repeat(36)}`],
    ['an environment in capitals', `tg_LIVE_${'0'.repeat(36)}`],
    ['a megabyte of text', `tg_live_${'0'.repeat(1_000_000)}`],
  ])('refuses %s', (_what, text) => {
    expect(parseKeySecret(text)).toBeNull();
  });

  it('does not make a key whose environment could not be read back', () => {
    expect(() => formatKeySecret('my_env', random)).toThrow();
    expect(() => formatKeySecret('', random)).toThrow();
    expect(() => formatKeySecret('live', random.subarray(0, 31))).toThrow();
  });
});

/** A text with the right checksum over its characters, made without our own CRC. */
function signed(body: string): string {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let checksum = '';
  for (let left = crc32(Buffer.from(body, 'latin1')); checksum.length < 6; ) {
    checksum = (alphabet[left % 62] as string) + checksum;
    left = Math.floor(left / 62);
  }
  return body + checksum;
}

describe('a key whose checksum is right', () => {
  const tail = '0'.repeat(30);

  it.each(['a', 'z', '0', '9', '-', 'a'.repeat(32)])('is ours in the environment %s', (name) => {
    expect(parseKeySecret(signed(`tg_${name}_${tail}`))).toEqual({ environment: name });
    expect(parseKeySecret(formatKeySecret(name, random))).toEqual({ environment: name });
  });

  it.each([
    ['without an environment', `tg__${tail}`],
    ['with an environment too long', `tg_${'a'.repeat(33)}_${tail}`],
    ['with another prefix', `tx_live_${tail}`],
    ['with no separator', `tg_live-${tail}`],
    ['with a capital first in its environment', `tg_Live_${tail}`],
    ['with a capital last in its environment', `tg_livE_${tail}`],
    ['with a character just above z', `tg_liv{_${tail}`],
    ['with a character just below a', `tg_liv\`_${tail}`],
    ['with a character just above 9', `tg_liv:_${tail}`],
    ['with a character just below 0', `tg_liv/_${tail}`],
    ['with a character just below -', `tg_liv,_${tail}`],
    ['with a sign first in its random part', `tg_live__${tail.slice(1)}`],
    ['with a sign last in its random part', `tg_live_${tail.slice(1)}_`],
    ['with the first character beyond ASCII', `tg_live_${tail.slice(1)}\u0080`],
    ['with a letter beyond ASCII', `tg_live_${tail.slice(1)}ä`],
  ])('is not ours %s', (_, body) => {
    expect(parseKeySecret(signed(body))).toBeNull();
  });

  it.each(['Live', 'livE', 'liv{', 'a'.repeat(33)])('is not made for %s', (environment) => {
    expect(() => formatKeySecret(environment, random)).toThrow('environment');
  });
});
