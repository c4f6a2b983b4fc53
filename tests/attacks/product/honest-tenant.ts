/** The honest tenant next door, seen from the attacks: what its calls and streams were like. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What happened since it was asked last. */
export type Window = {
  calls: number;
  streams: number;
  failed: number;
  /** The first few, in words. */
  failures: string[];
  /** To the end of a call, and to the first byte of a stream, ms. */
  latencies: number[];
  /** The longest that each stream said nothing, beyond its pace, ms. */
  silences: number[];
  /** Of the same calls made straight to the provider, ms. */
  plain: number[];
};

export type Target = {
  /** The gateway's. */
  url: string;
  secret: string;
  /** Models of calls and of streams, which nobody else uses. */
  call: string;
  stream: string;
  /** The provider's own address. */
  plain: string;
};

export type Told = ({ kind: 'begin' } & Target) | { kind: 'run' | 'pause' | 'window' };

export class HonestTenant {
  readonly #child: ChildProcess;
  /** Over all windows. */
  readonly total = { calls: 0, streams: 0, failed: 0 };

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(target: Target): Promise<HonestTenant> {
    const child = fork(new URL('./honest-main.ts', import.meta.url), { stdio: 'inherit' });
    const tenant = new HonestTenant(child);
    await tenant.#tell({ kind: 'begin', ...target });
    return tenant;
  }

  /** From now on. @returns what came before */
  run(): Promise<Window> {
    return this.#tell({ kind: 'run' });
  }

  /** Resolves when all that is in flight has ended. */
  pause(): Promise<Window> {
    return this.#tell({ kind: 'pause' });
  }

  window(): Promise<Window> {
    return this.#tell({ kind: 'window' });
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  async #tell(told: Told): Promise<Window> {
    const answer = once(this.#child, 'message');
    this.#child.send(told);
    const [window] = (await answer) as [Window];
    this.total.calls += window.calls;
    this.total.streams += window.streams;
    this.total.failed += window.failed;
    return window;
  }
}

/** The value that so many of them do not exceed. @param share above 0, at most 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
