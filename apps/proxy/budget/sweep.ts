/** Something that is done again and again, with a pause in between, until it is stopped: then once more. */
export class Sweep {
  readonly #everyMs: number;
  readonly #run: (which: 'idle' | 'unused') => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  /** @param run must not reject */
  constructor(everyMs: number, run: (which: 'idle' | 'unused') => Promise<void>) {
    this.#everyMs = everyMs;
    this.#run = run;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#run('idle').finally(() => this.start());
    }, this.#everyMs);
  }

  async stop(): Promise<void> {
    await this.#running;
    clearTimeout(this.#timer);
    await this.#run('unused');
  }
}
