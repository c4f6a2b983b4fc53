import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from './partition.ts';

// Vectors of org.apache.kafka.common.utils.UtilsTest#testMurmur2: producers in any language that
// use Kafka's default partitioner must agree with us on where a customer's events are.
const vectors: [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

/** By the same algorithm, written down independently: a rest of one byte, and none. */
const more: [string, number][] = [
  ['', 275646681],
  ['a', -1563381124],
  ['abcde', 461995741],
];

describe('the partition function is Kafka’s default partitioner', () => {
  it.each([...vectors, ...more])('murmur2(%s) = %i', (text, hash) => {
    expect(murmur2(new TextEncoder().encode(text))).toBe(hash);
  });

  it.each([
    ['foobar', 14],
    ['a', 12],
    ['abc', 11],
  ])('takes the hash of %s without its sign, modulo the partitions', (text, partition) => {
    expect(partitionOf(new TextEncoder().encode(text), 16)).toBe(partition);
  });

  it('never yields a partition out of range', () => {
    for (let i = 0; i < 1000; i++) {
      const p = partitionOf(new TextEncoder().encode(`cus_${i}`), 16);
      expect(p >= 0 && p < 16).toBe(true);
    }
  });
});
