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
