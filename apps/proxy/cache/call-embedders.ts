/** Where a question's vector comes from: a model of the configuration, or one on this machine. */
import { type Embedder, unit } from '@tollgate/adapters/embedding/embedder.ts';
import { embedding } from '../dialects/dialects.ts';
import type { RoutedCall } from './routed-call.ts';

export type CallEmbedder = {
  readonly name: string;
  /** @returns of length 1; null: there is none */
  embed(text: string, call: RoutedCall): Promise<Float32Array | null>;
  close(): Promise<void>;
};

/**
 * By a call of the same key to a model or route of that name: its hold, its event and its charge are the
 * customer's, its budgets and limits bind it, and who may not use the model has no such cache.
 */
export function embedderByModel(model: string): CallEmbedder {
  return {
    name: `model:${model}`,
    async embed(text, { facts, inner }) {
      const body = embedding.request(model, text);
      const answer = await inner.ask(embedding.endpoint, body, facts);
      const vector = answer === null ? null : embedding.vector(answer);
      return vector === null ? null : unit(vector);
    },
    close: async () => undefined,
  };
}

/** It costs nothing and asks nobody. */
export function embedderOf(local: Embedder): CallEmbedder {
  return {
    name: local.name,
    embed: (text) => local.embed(text),
    close: () => local.close(),
  };
}
