/** The steps of a run, each printed with its time, and their totals at the end. */

export class Steps {
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #signal: AbortSignal;
  readonly #startMs = performance.now();

  /** @param signal aborted: the step that runs fails, and those that follow are skipped */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  skip(name: string, reason: string, count = 1): void {
    this.#totals.skipped += count;
    console.log(`skipped  ${name}: ${reason}`);
  }

  fail(name: string, error: unknown): void {
    this.#totals.failed += 1;
    console.log(`FAILED   ${name}\n${String(error)}`);
  }

  /** @param work what it returns is printed; @returns whether it passed */
  async run(name: string, work: () => Promise<unknown>): Promise<boolean> {
    if (this.#signal.aborted) {
      this.skip(name, String(this.#signal.reason));
      return false;
    }
    return await this.always(name, async () => {
      const said = await work();
      // Output of several lines does not belong in the report.
      return typeof said === 'string' && !said.includes('\n') ? said : '';
    });
  }

  /** Runs after an abort too: for the steps that take things down. */
  async always(name: string, work: () => Promise<unknown>): Promise<boolean> {
    const startMs = performance.now();
    const seconds = () => ((performance.now() - startMs) / 1000).toFixed(1);
    try {
      const said = await work();
      this.#totals.passed += 1;
      const more = typeof said === 'string' && said !== '' ? `: ${said}` : '';
      console.log(`passed   ${name} (${seconds()} s)${more}`);
      return true;
    } catch (error) {
      this.fail(`${name} (${seconds()} s)`, error);
      return false;
    }
  }

  /** Adds the counts that a command reported. */
  count(totals: { passed: number; failed: number; skipped: number }): void {
    this.#totals.passed += totals.passed;
    this.#totals.failed += totals.failed;
    this.#totals.skipped += totals.skipped;
  }

  /** Prints the totals. @returns the exit code */
  finish(): number {
    const { passed, failed, skipped } = this.#totals;
    console.log(`in all ${((performance.now() - this.#startMs) / 1000).toFixed(1)} s`);
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    return failed > 0 ? 1 : 0;
  }
}
