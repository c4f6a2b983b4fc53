/**
 * The calls that are in flight while faults happen: real SDK calls, JSON and streams. Some are
 * abandoned by the client, some meet a fault of the provider. It knows how many calls ran at any
 * past moment.
 */
import OpenAI from 'openai';

export type LoadKey = { secret: string };

/** What calls name: models, or routes. */
export type LoadModels = { chat: readonly string[]; embeddings: string };

export const MODELS: LoadModels = {
  chat: ['sim-small', 'sim-large', 'sim-odd', 'sim-reasoner', 'sim-tiered'],
  embeddings: 'sim-embed',
};
const FAULTS = ['status_429', 'status_500', 'bill_then_500', 'usage_missing', 'reset_after:400'];
const CALL_TIMEOUT_MS = 30_000;
const WINDOW_KEYS = 10;
const WINDOW_STEP = 4;
const WINDOW_MS = 3_000;
/** Pause after a refusal or a failure, ms, so that a dead proxy is not flooded. */
const PAUSE_MS = 20;

export class Load {
  readonly #clients: OpenAI[];
  readonly #tokenPaceMs: number;
  readonly #models: LoadModels;
  readonly #changes: { atMs: number; inFlight: number }[] = [];
  #inFlight = 0;
  #stopping = false;
  #everyMs = 0;
  #index = 0;
  /** Since when the window of keys has not moved; null while it moves. */
  #heldAtMs: number | null = null;
  #workers: Promise<void>[] = [];
  readonly tally = { completed: 0, aborted: 0, refused: 0, unavailable: 0, failed: 0 };
  /** When each call was completed, Unix ms. */
  readonly completedAtMs: number[] = [];
  /** Calls whose last byte arrived, with status 200 (I9). */
  readonly completedCalls: string[] = [];

  /** @param tokenPaceMs of the provider's answers: how long a call is in flight */
  constructor(
    proxyUrl: string,
    keys: readonly LoadKey[],
    tokenPaceMs: number,
    models: LoadModels = MODELS,
  ) {
    this.#tokenPaceMs = tokenPaceMs;
    this.#models = models;
    this.#clients = keys.map(
      ({ secret }) =>
        new OpenAI({
          apiKey: secret,
          baseURL: `${proxyUrl}/v1`,
          timeout: CALL_TIMEOUT_MS,
          maxRetries: 1,
        }),
    );
  }

  /** As fast as possible, until `pace` is called. */
  start(concurrency: number): void {
    this.#stopping = false;
    this.#workers = Array.from({ length: concurrency }, () => this.#work());
  }

  /**
   * From now on each worker starts a call at this interval, ms; missed calls are not made up for.
   */
  pace(everyMs: number): void {
    this.#everyMs = everyMs;
  }

  /**
   * Uses the same keys again and again: proxies keep the slices that they have of those budgets.
   */
  holdKeys(held: boolean): void {
    this.#heldAtMs = held ? Date.now() : null;
  }

  /** May be started again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers);
  }

  inFlightAt(atMs: number): number {
    const last = this.#changes.findLast((change) => change.atMs <= atMs);
    return last?.inFlight ?? 0;
  }

  async #work(): Promise<void> {
    for (let dueMs = performance.now(); !this.#stopping; ) {
      const index = this.#index++;
      this.#change(1);
      try {
        const callId = await this.#call(index);
        if (callId === null) this.tally.aborted++;
        else {
          this.tally.completed++;
          this.completedCalls.push(callId);
          this.completedAtMs.push(Date.now());
        }
      } catch (error) {
        const { status } = error as { status?: number };
        if (status === 402) this.tally.refused++;
        else if (status === 503) this.tally.unavailable++;
        else this.tally.failed++;
        await pause(PAUSE_MS);
      } finally {
        this.#change(-1);
      }
      const nowMs = performance.now();
      dueMs = Math.max(dueMs + this.#everyMs, nowMs);
      if (dueMs > nowMs) await pause(dueMs - nowMs);
    }
  }

  #change(by: 1 | -1): void {
    this.#inFlight += by;
    this.#changes.push({ atMs: Date.now(), inFlight: this.#inFlight });
    // Only the last minute is ever needed.
    if (this.#changes.length > 200_000) this.#changes.splice(0, 100_000);
  }

  /** A window of keys that moves: keys that leave it go idle, keys that enter it need slices. */
  #client(index: number): OpenAI {
    const from = Math.floor((this.#heldAtMs ?? Date.now()) / WINDOW_MS) * WINDOW_STEP;
    return this.#clients[(from + (index % WINDOW_KEYS)) % this.#clients.length] as OpenAI;
  }

  /** @returns the call's id when its last byte has come, null if the client gave up on purpose */
  async #call(index: number): Promise<string | null> {
    const client = this.#client(index);
    const content = 'word '.repeat(20 + ((index * 7919) % 200));
    if (index % 10 === 9) {
      const { response } = await client.embeddings
        .create({ model: this.#models.embeddings, input: content })
        .withResponse();
      return callIdOf(response);
    }
    const outputTokens = 5 + ((index * 104_729) % 40);
    const { chat } = this.#models;
    const request = {
      model: chat[index % chat.length] as string,
      messages: [{ role: 'user' as const, content }],
      max_completion_tokens: outputTokens + 64,
      metadata: {
        sim_output_tokens: String(outputTokens),
        sim_token_pace_ms: String(this.#tokenPaceMs),
        ...(index % 19 === 7
          ? { sim_fault: FAULTS[Math.floor(index / 19) % FAULTS.length] ?? 'status_500' }
          : {}),
      },
    };
    if (index % 2 === 0) {
      const { response } = await client.chat.completions.create(request).withResponse();
      return callIdOf(response);
    }
    const include = index % 4 === 1 ? { stream_options: { include_usage: true } } : {};
    const { data, response } = await client.chat.completions
      .create({ ...request, ...include, stream: true })
      .withResponse();
    for await (const _chunk of data) {
      if (index % 13 !== 5) continue;
      data.controller.abort();
      return null;
    }
    return callIdOf(response);
  }
}

function callIdOf(response: Response): string {
  const id = response.headers.get('x-tollgate-call-id');
  if (id === null) throw new Error('an answer has no call id');
  return id;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
