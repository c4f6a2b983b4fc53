/**
 * The provider's answer on its way through: what may leave at once, what is held back until the
 * usage event is durable (I9), and what is read on the side.
 */
import { jsonText, usageFromJson, usageFromTail } from '../relay/json-usage.ts';
import { outputTextOf } from '../relay/output-text.ts';
import { SseRelay } from '../relay/sse-relay.ts';

export type Answer = {
  /** Bytes that may leave now. */
  push(chunk: Buffer): Buffer[];
  /** Bytes that may leave once the usage event is durable. */
  end(): Buffer[];
  /** The provider's usage object, or null. */
  usage(): unknown;
  /** Whether it is the whole attempt's even if the answer did not end as it should. */
  isUsageFinal(): boolean;
  model(): string | null;
  id(): string | null;
  /** What was generated, for an estimate; null if it cannot be known. */
  outputText(): string | null;
};

/** A stream: events pass, the last one waits. */
export class StreamedAnswer implements Answer {
  readonly #relay: SseRelay;

  constructor(options: {
    stripInjectedUsage: boolean;
    eventBytesMax: number;
    textBytesMax: number;
  }) {
    const { textBytesMax, ...relay } = options;
    this.#relay = new SseRelay({ ...relay, textBytesMax });
  }

  push(chunk: Buffer): Buffer[] {
    return this.#relay.push(chunk);
  }

  end(): Buffer[] {
    return this.#relay.end();
  }

  usage(): unknown {
    return this.#relay.usage();
  }

  isUsageFinal(): boolean {
    return this.#relay.isUsageFinal();
  }

  model(): string | null {
    return this.#relay.model();
  }

  id(): string | null {
    return this.#relay.id();
  }

  outputText(): string | null {
    return this.#relay.outputText();
  }
}

type Read = { usage: unknown; model: string | null; id: string | null };

/**
 * A JSON answer: held whole, so that its headers can carry the cost. One that outgrows the bound
 * streams through; its last bytes are held back and searched for the usage.
 */
export class HeldAnswer implements Answer {
  readonly #heldBytesMax: number;
  readonly #tailBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #overflowed = false;
  #read: Read | undefined;

  constructor(heldBytesMax: number, tailBytes: number) {
    this.#heldBytesMax = heldBytesMax;
    this.#tailBytes = tailBytes;
  }

  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (!this.#overflowed && this.#bytes <= this.#heldBytesMax) return [];
    this.#overflowed = true;
    const passed: Buffer[] = [];
    for (;;) {
      const first = this.#chunks[0];
      if (first === undefined || this.#bytes - first.length < this.#tailBytes) return passed;
      this.#bytes -= first.length;
      this.#chunks.shift();
      passed.push(first);
    }
  }

  end(): Buffer[] {
    return this.#chunks;
  }

  usage(): unknown {
    return this.#parse().usage;
  }

  /** An answer that was cut has no usage that could be read. */
  isUsageFinal(): boolean {
    return true;
  }

  model(): string | null {
    return this.#parse().model;
  }

  id(): string | null {
    return this.#parse().id;
  }

  outputText(): string | null {
    if (this.#overflowed) return null;
    return jsonOutputText(this.#whole());
  }

  #whole(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  #parse(): Read {
    if (this.#read !== undefined) return this.#read;
    const read: Read = this.#overflowed
      ? { usage: usageFromTail(this.#whole()), model: null, id: null }
      : usageFromJson(this.#whole());
    this.#read = read;
    return read;
  }
}

/** Text of all choices of a chat completion; empty for answers without any. */
function jsonOutputText(body: Buffer): string | null {
  try {
    const json: unknown = JSON.parse(jsonText(body));
    const choices = (json as { choices?: { message?: unknown }[] }).choices;
    if (!Array.isArray(choices)) return '';
    return choices.map((choice) => outputTextOf(choice?.message)).join('\n');
  } catch {
    // Not JSON: what was generated cannot be known from it.
    return null;
  }
}
