import { describe, expect, it } from 'vitest';
import { uuidFromHash } from './event-id.ts';
import { ID_RANDOM_BYTES, makeId, makeUuidV7, resolutionId, uuidTimeMs } from './ids.ts';

const bytes = (hex: string) => Uint8Array.fromHex(hex);

describe('our own ids (ADR 0001)', () => {
  // The example of the ULID specification, and each end of the range.
  it.each([
    [1_469_922_850_259, 'd6764c61efb99302bd5b', 'cus_01ARZ3NDEKTSV4RRFFQ69G5FAV'],
    [0, '00000000000000000000', 'cus_00000000000000000000000000'],
    [2 ** 48 - 1, 'ffffffffffffffffffff', 'cus_7ZZZZZZZZZZZZZZZZZZZZZZZZZ'],
  ])('at %s with %s are the ULID %s', (timeMs, random, id) => {
    expect(makeId('cus', timeMs, bytes(random))).toBe(id);
  });

  it('have 80 random bits, and read no more of what they are given', () => {
    const more = bytes('d6764c61efb99302bd5bffff');
    expect(ID_RANDOM_BYTES).toBe(10);
    expect(makeId('key', 1_469_922_850_259, more)).toBe('key_01ARZ3NDEKTSV4RRFFQ69G5FAV');
  });
});

describe('ids of events', () => {
  // RFC 9562, appendix A.6, with other bits where the version and the variant belong.
  it.each(['0cc398c4dc0c0c07398f', 'fcc358c4dc0c0c07398fff'])('with %s are UUIDv7', (random) => {
    const id = makeUuidV7(0x017f22e279b0, bytes(random));
    expect([id, uuidTimeMs(id)]).toEqual(['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 0x017f22e279b0]);
  });

  it('have all twelve digits of an early time', () => {
    const id = makeUuidV7(1, bytes('ffffffffffffffffffff'));
    expect([id, uuidTimeMs(id)]).toEqual(['00000000-0001-7fff-bfff-ffffffffffff', 1]);
  });

  it('I2: of a resolution have the time of the attempt, and the hash', () => {
    const attempt = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
    const id = resolutionId(attempt, bytes(`00000000000000000001${'ff'.repeat(22)}`));
    expect(id).toBe('017f22e2-79b0-7000-8000-000000000001');
  });

  // RFC 9562, appendix B.2, and each end of the range.
  it.each([
    [
      '5c146b143c524afd938a375d0df1fbf6fe12a66b645f72f6158759387e51f3c8',
      '5c146b14-3c52-8afd-938a-375d0df1fbf6',
    ],
    ['00000000000000000000000000000000', '00000000-0000-8000-8000-000000000000'],
    ['ffffffffffffffffffffffffffffffff', 'ffffffff-ffff-8fff-bfff-ffffffffffff'],
    ['0102030405060708090a0b0c0d0e0f10', '01020304-0506-8708-890a-0b0c0d0e0f10'],
  ])('of the ledger are, from the hash %s, the UUIDv8 %s', (hash, id) => {
    expect(uuidFromHash(bytes(hash))).toBe(id);
  });
});
