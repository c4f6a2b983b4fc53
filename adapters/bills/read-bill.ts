/** Reads an export piece by piece, and sums it up: it takes the memory of its sums, whatever its size. */
import { createHash } from 'node:crypto';
import { BillCollector, type ReadBill } from './bill-collector.ts';
import { RecordReader } from './read-records.ts';

export type DigestedBill = ReadBill & { sha256: string; bytes: number };

export class BillReader {
  readonly #collector = new BillCollector();
  readonly #records = new RecordReader(this.#collector);
  readonly #hash = createHash('sha256');
  #bytes = 0;

  /** @throws BillError */
  push(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    this.#records.push(chunk);
  }

  /** @throws BillError */
  end(): DigestedBill {
    this.#records.end();
    const sha256 = this.#hash.digest('hex');
    return { ...this.#collector.end(), sha256, bytes: this.#bytes };
  }
}

/** The whole of a text at once. @throws BillError */
export function readBillText(text: string): DigestedBill {
  const reader = new BillReader();
  reader.push(Buffer.from(text));
  return reader.end();
}
