/** A text's embedding, as this gateway asks for it itself. */
import { embeddings } from './embeddings-request.ts';

/** More than any model gives. */
const LENGTH_MAX = 65_536;

export const embedding = {
  endpoint: embeddings,

  request(model: string, input: string): Buffer {
    return Buffer.from(JSON.stringify({ model, input, encoding_format: 'float' }));
  },

  /** @returns null: there is none in it */
  vector(answer: Buffer): Float32Array | null {
    let json: unknown;
    try {
      json = JSON.parse(answer.toString());
    } catch {
      return null;
    }
    const { data } = (json ?? {}) as { data?: unknown };
    const first = Array.isArray(data) && data.length === 1 ? data[0] : null;
    const numbers: unknown = first?.['embedding'];
    if (!Array.isArray(numbers) || numbers.length === 0 || numbers.length > LENGTH_MAX) return null;
    return numbers.every((one) => typeof one === 'number') ? Float32Array.from(numbers) : null;
  },
};
