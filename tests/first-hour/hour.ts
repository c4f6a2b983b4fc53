/** The steps of the first hour: each is printed with what came of it, and counted. */
import assert from 'node:assert/strict';

const MARGIN = ' '.repeat(11);

export class Hour {
  #number = 0;
  readonly #failed: string[] = [];
  /** A step that a failed one was needed for would fail for no reason of its own. */
  #chapterFailed = false;

  async chapter(name: string, run: () => Promise<void>): Promise<void> {
    this.#chapterFailed = false;
    console.log(`\n# ${name}`);
    try {
      await run();
    } catch (error) {
      this.#fail(`${name}: it could not go on`, error);
    }
  }

  /**
   * What a newcomer does, and how it must turn out: `run` throws if it does not. A text that it gives is
   * printed. @returns what it gives; undefined if it failed
   */
  async step<T>(title: string, run: () => Promise<T>): Promise<T | undefined> {
    if (this.#chapterFailed) {
      this.#report('skipped', title);
      return undefined;
    }
    const startMs = performance.now();
    try {
      const given = await run();
      const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
      this.#report('ok', `${title} (${seconds} s)`);
      if (typeof given === 'string') console.log(`${MARGIN}${given}`);
      return given;
    } catch (error) {
      this.#chapterFailed = true;
      this.#fail(title, error);
      return undefined;
    }
  }

  /** @returns the exit code */
  end(): number {
    console.log(`\n${this.#number} steps, ${this.#failed.length} not ok`);
    for (const title of this.#failed) console.log(`  not ok: ${title}`);
    return this.#failed.length === 0 ? 0 : 1;
  }

  #fail(title: string, error: unknown): void {
    this.#failed.push(title);
    this.#report('not ok', title);
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const text = error instanceof assert.AssertionError ? message : (stack ?? message);
    console.log(text.replaceAll(/^/gm, MARGIN));
  }

  #report(outcome: string, title: string): void {
    this.#number += 1;
    console.log(`${outcome.padEnd(7)} ${this.#number}  ${title}`);
  }
}

/** Polls, with a deadline that only a defect reaches. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 60_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs / 1_000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
