/** Asks a provider how an object that goes on without its call has ended. */
import type {
  UpstreamControl,
  UpstreamHandler,
  UpstreamHeaders,
} from '@tollgate/adapters/provider/upstream.ts';
import type { Answer } from '../dialects/dialect.ts';
import { background } from '../dialects/dialects.ts';
import type { ProxyLimits } from '../limits.ts';
import type { Provider } from '../routing/deployments.ts';

/** `goes on`: it has not ended. `gone`: the provider has it no more. `unknown`: it did not say. */
export type Ended = Answer | 'goes on' | 'gone' | 'unknown';

export function askProvider(
  { upstream, keys, pathOf }: Provider,
  id: string,
  limits: ProxyLimits,
  signal: AbortSignal,
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const key = keys?.take(performance.now());
  const reading = new Reading(limits, (status, answer) => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    key?.ended({ status, isAboutRequest: false, retryAfterMs: null }, performance.now());
    resolve(endedOf(status, answer));
  });
  const giveUp = (why: string) => reading.control?.abort(new Error(why));
  const stop = () => giveUp('the proxy stops');
  const timer = setTimeout(() => giveUp('it took too long'), limits.freeTimeoutMs);
  signal.addEventListener('abort', stop);
  const path = background.path(id);
  const headers = { accept: 'application/json' };
  reading.control = upstream.ask(
    ...(['GET', pathOf?.(path, '') ?? path, headers, reading, undefined, key?.index] as const),
  );
  return promise;
}

function endedOf(status: number | null, answer: Answer | undefined): Ended {
  if (status === 404) return 'gone';
  if (status === null || status >= 300 || answer === undefined) return 'unknown';
  if (!answer.isWhole() || answer.id() === null) return 'unknown';
  return answer.goesOn?.() === true ? 'goes on' : answer;
}

class Reading implements UpstreamHandler {
  control: UpstreamControl | undefined;
  readonly #limits: ProxyLimits;
  /** Once. */
  readonly #onEnd: (status: number | null, answer: Answer | undefined) => void;
  #status: number | null = null;
  #answer: Answer | undefined;

  constructor(
    limits: ProxyLimits,
    onEnd: (status: number | null, answer: Answer | undefined) => void,
  ) {
    this.#limits = limits;
    this.#onEnd = onEnd;
  }

  onHeaders(status: number, headers: UpstreamHeaders): void {
    this.#status = status;
    this.#answer = background.answer(headers, this.#limits);
  }

  onData(chunk: Buffer): void {
    this.#answer?.push(chunk);
  }

  onEnd(): void {
    this.#onEnd(this.#status, this.#answer);
  }

  onFailure(): void {
    this.#onEnd(null, undefined);
  }
}
