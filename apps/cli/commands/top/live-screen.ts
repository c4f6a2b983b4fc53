/** A screen that is written again and again, next to what the terminal showed before. */
import type { Sink } from '../../output/output.ts';

const HEIGHT_DEFAULT = 24;
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export class LiveScreen {
  readonly #out: Sink;
  #isOpen = false;

  constructor(out: Sink) {
    this.#out = out;
  }

  get height(): number {
    return this.#out.height ?? HEIGHT_DEFAULT;
  }

  show(lines: readonly string[]): void {
    const text = lines.slice(0, this.height - 1).map((line) => `${line}${CLEAR_LINE}\n`);
    this.#out.write(`${this.#isOpen ? '' : ENTER}${HOME}${text.join('')}${CLEAR_BELOW}`);
    this.#isOpen = true;
  }

  /** The terminal is as it was, however the command ends. */
  close(): void {
    // seam: screen-is-left
    if (this.#isOpen) this.#out.write(LEAVE);
    this.#isOpen = false;
  }
}
