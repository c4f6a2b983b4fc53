/**
 * What an attempt of a routed call has answered, while another candidate may still answer instead
 * (docs/design.md, Route): the body of an error, and what comes of a stream before its first token. Once
 * a byte has left, no other candidate is tried.
 */
export class HeldBack {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isError = false;
  isHolding = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * The head of an answer has come.
   *
   * @param mayGoOn whether another attempt could follow
   * @returns true: it waits
   */
  begin(status: number, mayGoOn: boolean): boolean {
    this.#isError = status >= 400;
    this.isHolding = mayGoOn;
    return mayGoOn;
  }

  /** @returns false: all of it may leave now, these bytes too */
  push(bytes: Buffer, hasToken: boolean): boolean {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    this.isHolding = (this.#isError || !hasToken) && this.#bytes <= this.#bytesMax;
    return this.isHolding;
  }

  take(): readonly Buffer[] {
    const taken = this.#chunks;
    this.clear();
    return taken;
  }

  /** What is left of it, and then the end of the answer. */
  before(last: readonly Buffer[]): readonly Buffer[] {
    return this.#chunks.length === 0 ? last : [...this.take(), ...last];
  }

  /** Another attempt answers instead. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.isHolding = false;
  }
}
