/**
 * A JSON answer: held whole, so that its headers can carry the cost. One that outgrows the bound
 * streams through; its last bytes are held back and searched for the usage. What cannot be read is
 * null, never a guess (I8).
 */
import { quantitiesFromOpenAiUsage } from '@tollgate/domain/usage/openai-usage.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { HeldBody } from '../../relay/held-body.ts';
import { jsonText, memberInTail } from '../../relay/json-text.ts';
import type { Answer } from '../dialect.ts';
import { outputTextOf } from './output-text.ts';

type Stated = { usage: unknown; model: string | null; id: string | null };

export class JsonAnswer implements Answer {
  readonly hasToken = false;
  readonly #body: HeldBody;
  #stated: Stated | undefined;

  constructor(heldBytesMax: number, tailBytes: number) {
    this.#body = new HeldBody(heldBytesMax, tailBytes);
  }

  /** One that ends as an object does may have come to its end. */
  get progress(): 'open' | 'perhaps' {
    return this.#body.endsLikeJson ? 'perhaps' : 'open';
  }

  isWhole(): boolean {
    return this.#body.isClosedJson();
  }

  push(chunk: Buffer): Buffer[] {
    return this.#body.push(chunk);
  }

  end(): Buffer[] {
    return this.#body.end();
  }

  quantities(): KnownQuantities | null {
    return quantitiesFromOpenAiUsage(this.#read().usage);
  }

  /** An answer that was cut has no usage that could be read. */
  isUsageFinal(): boolean {
    return true;
  }

  model(): string | null {
    return this.#read().model;
  }

  id(): string | null {
    return this.#read().id;
  }

  outputText(): string | null {
    return this.#body.isWhole ? writtenText(this.#body.bytes()) : null;
  }

  #read(): Stated {
    if (this.#stated !== undefined) return this.#stated;
    const bytes = this.#body.bytes();
    this.#stated = this.#body.isWhole
      ? statedIn(bytes)
      : { usage: memberInTail(bytes, 'usage'), model: null, id: null };
    return this.#stated;
  }
}

export function statedIn(body: Buffer): Stated {
  try {
    const json = JSON.parse(jsonText(body)) as Record<string, unknown> | null;
    const { usage = null, model, id } = json ?? {};
    return {
      usage,
      model: typeof model === 'string' ? model : null,
      id: typeof id === 'string' ? id : null,
    };
  } catch {
    return { usage: null, model: null, id: null };
  }
}

/** Text of all choices of a chat completion; empty for answers without any. */
function writtenText(body: Buffer): string | null {
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
