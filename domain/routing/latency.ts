/**
 * How long a deployment's answers take to begin, as a peak-sensitive average: a slow answer counts at
 * once, and is forgotten with time (Finagle's peak EWMA). Time is an argument.
 */
export class Latency {
  readonly #forgetMs: number;
  #averageMs = 0;
  #atMs = 0;
  #running = 0;

  /** @param forgetMs after so long, a third of what was seen still counts */
  constructor(forgetMs: number) {
    this.#forgetMs = forgetMs;
  }

  /** For comparison alone: the average, at least 1, times the calls that would then run. */
  load(nowMs: number): number {
    return Math.max(1, this.#averageMs * this.#kept(nowMs)) * (this.#running + 1);
  }

  started(): void {
    this.#running++;
  }

  /** Of one that was started; null: it says nothing of how long answers take. */
  ended(tookMs: number | null, nowMs: number): void {
    this.#running--;
    if (tookMs === null) return;
    const kept = this.#kept(nowMs);
    this.#atMs = nowMs;
    const average = this.#averageMs * kept + tookMs * (1 - kept);
    this.#averageMs = this.#averageMs === 0 ? tookMs : Math.max(tookMs, average);
  }

  /** One that was started was given up: its answer would have taken longer than that. */
  gaveUp(afterMs: number, nowMs: number): void {
    this.#running--;
    if (afterMs <= this.#averageMs * this.#kept(nowMs)) return;
    this.#averageMs = afterMs;
    this.#atMs = nowMs;
  }

  /**
   * One that was started brought the refusal of a wrong request. That was quick, and no reason to send
   * more there: what is known of its answers stays, and one that has given none is taken for slow.
   */
  refused(slowMs: number, nowMs: number): void {
    this.#running--;
    this.#atMs = nowMs;
    if (this.#averageMs === 0) this.#averageMs = slowMs;
  }

  #kept(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#forgetMs);
  }
}
