/**
 * Which partition of the log a customer's events go to (ADR 0001): Kafka's default partitioner,
 * murmur2 over the UTF-8 bytes of the key, sign bit cleared, modulo the number of partitions. All
 * events of a customer are in one partition, so "earlier" has a meaning for them. Source:
 * org.apache.kafka.common.utils.Utils.murmur2.
 */

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** 32-bit murmur2 as Kafka computes it, as a signed integer. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let h = SEED ^ length;
  const words = length >> 2;
  for (let i = 0; i < words; i++) {
    const at = i * 4;
    let k =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    k = Math.imul(k, M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = words * 4;
  const left = length - rest;
  if (left >= 3) h ^= (bytes[rest + 2] as number) << 16;
  if (left >= 2) h ^= (bytes[rest + 1] as number) << 8;
  if (left >= 1) h = Math.imul(h ^ (bytes[rest] as number), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  h ^= h >>> 15;
  return h | 0;
}

/** @param key UTF-8 bytes of the customer id */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
