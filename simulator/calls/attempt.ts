/**
 * One request of a client, with what it will use if it runs to its end. It is charged at most once:
 * at its completion, its fault or its hang-up, whatever comes first.
 */
import type { Bill } from '../bill/bill.ts';
import type { Outcome } from '../bill/bill-line.ts';
import type { Knobs } from '../knobs/knobs.ts';
import type { Model, ServiceTier } from '../price-table.ts';
import { costPicoUsd, type Usage } from '../pricing/cost.ts';
import { formatPico } from '../pricing/rational.ts';

export type AttemptFacts = {
  readonly requestId: string;
  readonly attemptId: string | null;
  readonly endpoint: string;
  readonly startedAt: string;
  /** Bytes of the request body: no request is charged more input tokens than this. */
  readonly bodyBytes: number;
  readonly serviceTier?: ServiceTier | undefined;
  /** The provider's bill does not tell reasoning from other output. */
  readonly reasoningIsOutput?: boolean | undefined;
};

export class Attempt {
  readonly facts: AttemptFacts;
  readonly model: Model;
  readonly knobs: Knobs;
  /** What the whole answer uses. */
  readonly planned: Usage;
  readonly #bill: Bill;
  #charged: Promise<void> | undefined;

  constructor(facts: AttemptFacts, model: Model, knobs: Knobs, planned: Usage, bill: Bill) {
    this.facts = facts;
    this.model = model;
    this.knobs = knobs;
    this.planned = planned;
    this.#bill = bill;
  }

  /** In which the call is served; a knob may say another one than the request does. */
  get serviceTier(): ServiceTier {
    return this.knobs.service_tier ?? this.facts.serviceTier ?? 'default';
  }

  /** Charges `usage` unless the attempt is charged already; resolves when that is durable. */
  charge(usage: Usage, outcome: Outcome): Promise<void> {
    const { requestId, attemptId, endpoint, startedAt, reasoningIsOutput } = this.facts;
    this.#charged ??= this.#bill.charge({
      attempt_id: attemptId,
      request_id: requestId,
      endpoint,
      model: this.model.id,
      input_tokens: usage.inputTokens,
      cache_read_tokens: usage.cacheReadTokens,
      output_tokens: usage.outputTokens + (reasoningIsOutput ? usage.reasoningTokens : 0),
      reasoning_tokens: reasoningIsOutput ? 0 : usage.reasoningTokens,
      requests: 1,
      ...someOf('cache_write_tokens', usage.cacheWriteTokens),
      ...someOf('cache_write_1h_tokens', usage.cacheWrite1hTokens),
      ...someOf('searches', usage.searches),
      ...mediaOf(usage),
      ...(this.serviceTier === 'default' ? {} : { service_tier: this.serviceTier }),
      cost: formatPico(costPicoUsd(this.model, usage, this.serviceTier)),
      outcome,
      started_at: startedAt,
    });
    return this.#charged;
  }
}

function mediaOf({ media = {} }: Usage) {
  return {
    ...someOf('image_input_tokens', media.imageInputTokens ?? 0),
    ...someOf('image_output_tokens', media.imageOutputTokens ?? 0),
    ...someOf('audio_input_tokens', media.audioInputTokens ?? 0),
    ...someOf('audio_output_tokens', media.audioOutputTokens ?? 0),
    ...someOf('images', media.images ?? 0),
    ...someOf('audio_seconds', media.seconds ?? 0),
    ...someOf('characters', media.characters ?? 0),
  };
}

function someOf<Name extends string>(name: Name, count: number): { [N in Name]?: number } {
  return count === 0 ? {} : ({ [name]: count } as { [N in Name]: number });
}
