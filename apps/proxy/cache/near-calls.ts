/**
 * Answers to questions that mean the same (docs/design.md, Cache): of a call that the exact cache has missed,
 * and that a rule lets be answered so. It finds the key of an entry, and everything behind that is the exact
 * cache's: whether the entry may be served, what it costs, its event.
 *
 * Nothing of it is loaded or run for other calls, and whatever fails here is a miss.
 */
import { hash } from 'node:crypto';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import type { NearAnswers, NearFound } from '@tollgate/adapters/cache/near-answers.ts';
import type { Embedder } from '@tollgate/adapters/embedding/embedder.ts';
import type { CacheRule } from '@tollgate/domain/cache/cache-rules.ts';
import { guarded } from '@tollgate/domain/cache/likeness/lexical-guard.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { NearNote } from './cache-recording.ts';
import { type CallEmbedder, embedderByModel, embedderOf } from './call-embedders.ts';
import type { RoutedCall } from './routed-call.ts';

export type NearCallsDeps = {
  near: NearAnswers;
  embedder: CallEmbedder;
  limits: { cacheEmbedMs: number; cacheLookupMs: number };
  onError: (error: unknown) => void;
};

export class NearCalls {
  readonly #deps: NearCallsDeps;

  constructor(deps: NearCallsDeps) {
    this.#deps = deps;
  }

  /** @param keyOfRest of what must be the same @returns null: it is no question that is compared */
  async note(
    call: RoutedCall,
    rule: CacheRule,
    keyOfRest: (rest: string) => string,
  ): Promise<NearNote | null> {
    const question = call.facts.request.question(rule.namespace === 'end_user');
    if (question === null || (question.hasTurns && rule.multiTurn !== true)) return null;
    const marked = guarded(question.text);
    if (marked === null) return null;
    const { embedder } = this.#deps;
    const vector = await this.#vectorOf(question.text, call);
    if (vector === null) return null;
    // Two models' vectors do not compare, and what is marked is not compared but equal.
    // seam: marks-are-in-the-frame
    const rest = `${JSON.stringify(['near', embedder.name, marked.marks])}\n${question.rest}`;
    return { frame: hash('sha256', keyOfRest(rest)), vector, words: marked.words };
  }

  async #vectorOf(text: string, call: RoutedCall): Promise<Float32Array | null> {
    const { embedder, limits, onError } = this.#deps;
    try {
      return await inTime(embedder.embed(text, call), limits.cacheEmbedMs);
    } catch (error) {
      onError(error);
      return null;
    }
  }

  async find(note: NearNote, threshold: number): Promise<NearFound | null> {
    const { near, limits, onError } = this.#deps;
    try {
      return await inTime(near.find({ ...note, threshold }), limits.cacheLookupMs);
    } catch (error) {
      onError(error);
      return null;
    }
  }

  put(note: NearNote, key: string, entry: CacheEntry): void {
    const { customerId, model, purgesSeen, storedAtMs, expiresAtMs } = entry;
    const of = { key, customerId, model, purgesSeen, ttlMs: expiresAtMs - storedAtMs };
    this.#deps.near.put({ ...note, ...of }).catch(this.#deps.onError);
  }

  async close(): Promise<void> {
    await this.#deps.embedder.close();
  }
}

/** @returns undefined: no rule asks for it */
export function openNearCalls(
  { near }: Pick<AnswerCache, 'near'>,
  { rules, embeddingModel }: { rules: readonly CacheRule[]; embeddingModel?: string | undefined },
  {
    local,
    limits,
    onError,
  }: Pick<NearCallsDeps, 'limits' | 'onError'> & { local?: Embedder | undefined },
): NearCalls | undefined {
  if (near === undefined || !rules.some(({ mode }) => mode === 'semantic')) return undefined;
  const byModel = embeddingModel === undefined ? undefined : embedderByModel(embeddingModel);
  const embedder = local === undefined ? byModel : embedderOf(local);
  return embedder === undefined ? undefined : new NearCalls({ near, embedder, limits, onError });
}

/** @returns null: it did not come in time */
export async function inTime<T>(found: Promise<T | null>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}
