import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatKeySecret, parseKeySecret } from './key-secret.ts';

const environment = fc.stringMatching(/^[a-z0-9-]{1,32}$/);
const random = fc.uint8Array({ minLength: 32, maxLength: 32 });
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('');

describe('the checksum of a virtual key', () => {
  it('accepts every key that was made', () => {
    fc.assert(
      fc.property(environment, random, (name, bytes) => {
        expect(parseKeySecret(formatKeySecret(name, bytes))).toEqual({ environment: name });
      }),
    );
  });

  it('refuses a key with any one character changed, before any lookup', () => {
    fc.assert(
      fc.property(
        environment,
        random,
        fc.nat(),
        fc.constantFrom(...base62, '_', '-', ' '),
        (name, bytes, at, character) => {
          const secret = formatKeySecret(name, bytes);
          const index = at % secret.length;
          fc.pre(secret[index] !== character);
          const changed = secret.slice(0, index) + character + secret.slice(index + 1);
          expect(parseKeySecret(changed)).toBeNull();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses a key with a part missing', () => {
    fc.assert(
      fc.property(environment, random, fc.nat(), (name, bytes, at) => {
        const secret = formatKeySecret(name, bytes);
        expect(parseKeySecret(secret.slice(0, at % secret.length))).toBeNull();
      }),
    );
  });
});
