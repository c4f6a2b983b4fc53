/** The responses that can be retrieved, cancelled, or gone on from; the oldest are forgotten. */
import { limits } from '../limits.ts';

export type StoredResponse = {
  /** The whole object as JSON text; it changes while a response is generated in the background. */
  body: string;
  /** All that a next turn's model reads of it: what it was asked, and what it said. */
  readonly text: string;
  /** Cancels what runs in the background, and resolves when that is charged. */
  readonly cancel?: () => Promise<void>;
};

export class ResponseStore {
  readonly #responses = new Map<string, StoredResponse>();
  #chars = 0;

  set(id: string, response: StoredResponse): void {
    this.delete(id);
    this.#responses.set(id, response);
    this.#chars += sizeOf(response);
    for (const oldest of this.#responses.keys()) {
      const { storedResponsesMax, storedCharsMax } = limits;
      if (this.#responses.size <= storedResponsesMax && this.#chars <= storedCharsMax) return;
      this.delete(oldest);
    }
  }

  get(id: string): StoredResponse | undefined {
    return this.#responses.get(id);
  }

  /** Replaces the body of a response, unless it was forgotten in the meantime. */
  update(id: string, body: string): void {
    const known = this.#responses.get(id);
    if (known === undefined) return;
    this.#chars += body.length - known.body.length;
    known.body = body;
  }

  /** @returns whether it was there */
  delete(id: string): boolean {
    const known = this.#responses.get(id);
    if (known !== undefined) this.#chars -= sizeOf(known);
    return this.#responses.delete(id);
  }
}

function sizeOf({ body, text }: StoredResponse): number {
  return body.length + text.length;
}
