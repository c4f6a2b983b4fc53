/** An answer that may be given again, and all that must be known to do so, as the bytes of its entry. */
import type { CacheRule } from '@tollgate/domain/cache/cache-rules.ts';
import type { EntryAge } from '@tollgate/domain/cache/freshness.ts';
import { type KnownQuantities, noQuantities } from '@tollgate/domain/usage/quantities.ts';

export type CacheEntry = EntryAge & {
  /** Who may be served it (`namespaceText`). */
  namespace: string;
  /** Where it came from: it is no answer of any other deployment. */
  provider: string;
  /** The provider's base URL, as a digest. */
  origin: string;
  /** The model's name at the provider, and in the answer. */
  servedBy: string;
  modelServed: string | null;
  used: KnownQuantities;
  /** Of an answer that was found by another question: how near that is, and who allows it. Neither is stored. */
  similarity?: number;
  foundBy?: CacheRule;
  /** As JSON. */
  body: Buffer;
};

const LINE_END = 10;

export function entryBytes({ body, ...known }: CacheEntry): Uint8Array {
  const head = `${JSON.stringify(known)}\n`;
  const length = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(length + body.length);
  bytes.write(head);
  bytes.set(body, length);
  return bytes;
}

/** @returns null: these are no bytes of an entry */
export function readEntry(bytes: Uint8Array): CacheEntry | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = buffer.indexOf(LINE_END);
  if (end === -1) return null;
  try {
    const known = JSON.parse(buffer.toString('utf8', 0, end)) as Omit<CacheEntry, 'body'>;
    // What was stored before a bucket existed had none of it.
    const used = { ...noQuantities(), ...known.used };
    return { ...known, used, body: buffer.subarray(end + 1) };
  } catch {
    return null;
  }
}
