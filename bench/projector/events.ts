/** Full-width usage events for the projector's benchmarks, deterministic but for their ids. */
import { randomFillSync } from 'node:crypto';
import { makeUuidV7 } from '@tollgate/domain/ids/ids.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';

const CUSTOMERS = 200;
const MODELS = ['bench-small', 'bench-large', 'bench-reasoner', 'bench-embed'];
const DUPLICATES = 0.01;
const SAMPLE_EVENTS = 1_000;

export type LogValue = { partition: number; value: Uint8Array };

/** Makes batches whose event times run from `fromMs` at a steady pace. */
export class EventSource {
  readonly #partitions: number;
  readonly #stepMs: number;
  readonly #customers: { id: string; partition: number }[];
  readonly #random = Buffer.alloc(20);
  #nowMs: number;
  #made = 0;
  #last: LogValue | undefined;

  /** @param stepMs between the times of two events */
  constructor(partitions: number, fromMs: number, stepMs: number) {
    this.#partitions = partitions;
    this.#nowMs = fromMs;
    this.#stepMs = stepMs;
    this.#customers = Array.from({ length: CUSTOMERS }, (_, i) => {
      const id = `cus_${String(i).padStart(26, '0')}`;
      return { id, partition: partitionOf(Buffer.from(id), partitions) };
    });
  }

  /** One in a hundred repeats an earlier one. */
  batch(count: number): LogValue[] {
    return Array.from({ length: count }, () => {
      this.#made++;
      const again = this.#last !== undefined && this.#made % (1 / DUPLICATES) === 0;
      const value = again ? (this.#last as LogValue) : this.#event();
      if (this.#made % 40 === 1) this.#last = value;
      return value;
    });
  }

  customerIds(): string[] {
    return this.#customers.map(({ id }) => id);
  }

  #event(): LogValue {
    const n = this.#made;
    this.#nowMs += this.#stepMs;
    const timeMs = Math.floor(this.#nowMs);
    randomFillSync(this.#random);
    const id = makeUuidV7(timeMs, this.#random);
    const call = makeUuidV7(timeMs, this.#random.subarray(10));
    const customer = this.#customers[(n * 7919) % this.#customers.length] as {
      id: string;
      partition: number;
    };
    const model = MODELS[n % MODELS.length];
    const time = new Date(timeMs).toISOString();
    const input = 50 + (n % 900);
    const output = 10 + (n % 300);
    const cost = `0.000${String(100_000_000 + ((n * 7907) % 899_999_999))}`;
    const text =
      `{"id":"${id}","type":"attempt","schema_version":1,"call_id":"${call}","attempt":1,` +
      `"source":"proxy/ins_01M85YMQER7835N4R0V2Z2B01A","resolves_id":null,` +
      `"customer_id":"${customer.id}","team_id":"team_0000000000000000000000000${n % 3}",` +
      `"key_id":"key_0000000000000000000000000${n % 9}","environment":"live",` +
      `"tags":{"feature":"chat","region":"eu-${n % 4}"},"end_user":null,"provider":"bench",` +
      `"deployment":"bench/${model}","model_requested":"${model}",` +
      `"endpoint":"chat.completions","stream":${n % 2 === 0},"price_version":"config-0123456789ab-bench",` +
      `"price_source":"config","cache":"miss",` +
      `"hold_lease_ids":["lse_01M85YMQER7835N4R0V2Z2B01A"],"hold_amounts":["0.000123000000"],` +
      `"hold_units":["usd"],"budget_windows":["budget-bud_01M85YMQER7835N4R0V2Z2B01A@20261101T000000Z"],` +
      `"external_type":null,"external_subject":null,"external_data":null,"time":"${time}",` +
      `"provider_request_id":"chatcmpl-${n}","model_served":"${model}",` +
      `"input_tokens":${input},"cache_read_tokens":${n % 50},"cache_write_tokens":0,` +
      `"output_tokens":${output},"reasoning_tokens":0,"audio_input_tokens":0,` +
      `"audio_output_tokens":0,"images":0,"requests":1,"usage_source":"provider",` +
      `"cost":"${cost}","status":"ok","http_status":200,"error_type":null,` +
      `"latency_ms":${(n % 2_000) / 10},"ttft_ms":${(n % 300) / 10},"overhead_us":${n % 900},` +
      `"recorded_at":"${time}"}`;
    return { partition: customer.partition, value: Buffer.from(text) };
  }

  get partitions(): number {
    return this.#partitions;
  }
}

/** Mean size of an event's record, bytes. */
export function eventBytes(partitions: number): number {
  const values = new EventSource(partitions, Date.now(), 1).batch(SAMPLE_EVENTS);
  return values.reduce((sum, { value }) => sum + value.length, 0) / values.length;
}
