/**
 * Work whose result many may ask for at once. Who asks while it runs gets the next run, so a result is
 * never older than the question; however many ask, one run goes on and one waits.
 */
export class SharedRuns<T> {
  readonly #work: () => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  get(): Promise<T> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#afterwards(this.#running);
    return this.#next;
  }

  async #afterwards(running: Promise<unknown>): Promise<T> {
    await running.catch(() => undefined);
    this.#next = undefined;
    // One that began in between began after all of them had asked.
    return this.#running ?? this.#start();
  }

  #start(): Promise<T> {
    const run = this.#work().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }
}
