import { expect, it } from 'vitest';
import { uuidFromHash } from './event-id.ts';
import { ID_RANDOM_BYTES, makeId, makeUuidV7, resolutionId, uuidTimeMs } from './ids.ts';

const zeros = new Uint8Array(ID_RANDOM_BYTES);
const ones = zeros.map(() => 0xff);
const counting = zeros.map((_, i) => i + 1);

it('an id is its prefix and a ULID: 48 bits of time, 80 of randomness (ADR 0001)', () => {
  // The time of the example in the ULID specification.
  const atMs = 1_469_918_176_385;
  expect(makeId('cus', atMs, zeros)).toBe('cus_01ARYZ6S410000000000000000');
  expect(makeId('key', atMs, ones)).toBe('key_01ARYZ6S41ZZZZZZZZZZZZZZZZ');
  expect(makeId('bud', 0, counting)).toBe('bud_0000000000041061050R3GG28A');
  const longer = Uint8Array.from([...counting, 99]);
  expect(makeId('bud', 0, longer)).toBe(makeId('bud', 0, counting));
});

it('ids sort by time', () => {
  const times = [0, 1, 31, 32, 1_469_918_176_385, 2 ** 48 - 1];
  const ids = times.map((atMs, i) => makeId('per', atMs, i % 2 === 0 ? ones : zeros));
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.at(-1)?.slice(0, 14)).toBe('per_7ZZZZZZZZZ');
});

it('a UUIDv7 is that of RFC 9562, appendix A.6', () => {
  const random = Uint8Array.from([
    0xcc, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f, 0xff,
  ]);
  const example = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
  expect(makeUuidV7(0x017f22e279b0, random)).toBe(example);
  expect(uuidTimeMs(example)).toBe(0x017f22e279b0);
  expect(makeUuidV7(0, zeros)).toBe('00000000-0000-7000-8000-000000000000');
  expect(makeUuidV7(2 ** 48 - 1, ones)).toBe('ffffffff-ffff-7fff-bfff-ffffffffffff');
  expect(uuidTimeMs('ffffffff-ffff-7fff-bfff-ffffffffffff')).toBe(2 ** 48 - 1);
});

it('a resolution’s id begins with the time of its attempt and goes on with the hash (I2)', () => {
  const attempt = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
  expect(resolutionId(attempt, counting)).toBe('017f22e2-79b0-7102-8304-05060708090a');
});

it('a ledger event’s id is the UUIDv8 of its hash (RFC 9562 §5.8)', () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
  expect(uuidFromHash(bytes)).toBe('00010203-0405-8607-8809-0a0b0c0d0e0f');
  expect(uuidFromHash(bytes.map(() => 0xff))).toBe('ffffffff-ffff-8fff-bfff-ffffffffffff');
});
