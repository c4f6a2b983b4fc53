/** What an answer of Gemini says, whole or in a part of a stream: `GenerateContentResponse`. */
import { type GeminiAsked, GeminiUsage } from '@tollgate/domain/usage/gemini-usage.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { AnswerFault } from '../dialect.ts';

type Fields = Readonly<Record<string, unknown>>;

export type AnswerAsked = GeminiAsked & { searches: boolean };

export class AnswerParts {
  readonly #asked: AnswerAsked;
  readonly #usage: GeminiUsage;
  readonly #begun = new Set<unknown>();
  /** Candidates that have come to their end, by index. */
  readonly #ended = new Set<unknown>();
  #hasAnswer = false;
  #isBlocked = false;
  #hasError = false;
  #searched = false;
  #model: string | null = null;
  #id: string | null = null;
  /** Pieces of what was generated that anybody can see. */
  pieces = 0;
  /** About how many tokens are in them. */
  tokens = 0;

  constructor(asked: AnswerAsked) {
    this.#asked = asked;
    this.#usage = new GeminiUsage(asked);
  }

  get model(): string | null {
    return this.#model;
  }

  get id(): string | null {
    return this.#id;
  }

  get serviceTier(): string | null {
    return this.#usage.serviceTier;
  }

  get statesKinds(): boolean {
    return this.#usage.statesKinds;
  }

  get saysUsage(): boolean {
    return this.#usage.said;
  }

  /** Candidates that say why they have ended. */
  get ended(): number {
    return this.#ended.size;
  }

  /** No candidate has begun that has not ended; of a prompt that was refused there are none. */
  get allEnded(): boolean {
    return this.#isBlocked || (this.ended > 0 && this.ended === this.#begun.size);
  }

  /** The prompt was refused: there is no answer, and the prompt is billed all the same. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  get fault(): AnswerFault | null {
    if (this.#hasError) return 'error';
    return this.#hasAnswer || this.#isBlocked || this.#usage.said ? null : 'nothing';
  }

  /** Null: it is not known, by what came so far. */
  get quantities(): KnownQuantities | null {
    return this.note === null ? this.#usage.quantities : null;
  }

  /** Why what was said is not taken. */
  get note(): string | null {
    const { doubt, quantities } = this.#usage;
    if (doubt !== null || quantities === null) return doubt;
    const { inputTokens, cacheReadTokens, audioInputTokens, imageInputTokens } = quantities;
    const { outputTokens, reasoningTokens, audioOutputTokens, imageOutputTokens } = quantities;
    const input = inputTokens + cacheReadTokens + audioInputTokens + imageInputTokens;
    const output = outputTokens + reasoningTokens + audioOutputTokens + imageOutputTokens;
    // What was read or written has tokens: a provider that states none has filled nothing in.
    return input === 0 || (output === 0 && this.pieces > 0) ? 'usage_below_visible' : null;
  }

  /** A part of the answer was not read: what it says of searches is not known. */
  onUnread(): void {
    if (this.#asked.searches) this.#searched = true;
  }

  /**
   * Searches are billed by the prompt at some models and by the query at others, and the usage says nothing
   * of them.
   */
  get unpricedBy(): string | null {
    // seam: searches-of-gemini-are-not-free
    return this.#searched ? 'fee_unstated' : null;
  }

  /** @returns true: it states usage */
  read(fields: Fields): boolean {
    const { modelVersion, responseId, usageMetadata, candidates, promptFeedback, error } = fields;
    if (typeof modelVersion === 'string') this.#model ??= modelVersion;
    if (typeof responseId === 'string') this.#id ??= responseId;
    if (error !== undefined && error !== null) this.#hasError = true;
    // Vectors are answers too.
    if (fields['embedding'] !== undefined || fields['embeddings'] !== undefined) {
      this.#hasAnswer = true;
    }
    if ((promptFeedback as Fields | undefined)?.['blockReason'] !== undefined) {
      this.#isBlocked = true;
    }
    if (Array.isArray(candidates)) this.#readCandidates(candidates);
    this.#usage.read(usageMetadata);
    return typeof usageMetadata === 'object' && usageMetadata !== null;
  }

  #readCandidates(candidates: readonly unknown[]): void {
    for (const candidate of candidates) {
      if (typeof candidate !== 'object' || candidate === null) continue;
      const { content, finishReason, index = 0, groundingMetadata } = candidate as Fields;
      this.#hasAnswer = true;
      const parts = (content as Fields | undefined)?.['parts'];
      this.#begun.add(index);
      if (Array.isArray(parts)) for (const part of parts as unknown[]) this.#readPart(part);
      if (typeof finishReason === 'string' && finishReason !== '') this.#ended.add(index);
      if (saysSearches(groundingMetadata)) this.#searched = true;
    }
  }

  /** The last part of a stream is often an empty text. */
  #readPart(part: unknown): void {
    if (typeof part !== 'object' || part === null) return;
    const { text, thought: _, thoughtSignature: __, ...others } = part as Fields;
    if (typeof text === 'string' && text !== '')
      this.tokens += Math.ceil(text.length / TOKEN_LENGTH);
    else if (Object.keys(others).length > 0) this.tokens++;
    else return;
    this.pieces++;
  }
}

/** Characters, as a rule of thumb. */
const TOKEN_LENGTH = 4;

function saysSearches(grounding: unknown): boolean {
  if (typeof grounding !== 'object' || grounding === null) return false;
  return Object.values(grounding).some((value) => !Array.isArray(value) || value.length > 0);
}
