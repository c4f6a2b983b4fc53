type Room = { takeRoom(bytes: number): boolean };

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
  /** For an answer that waits to its end; null: it waits for its first token. */
  #room: Room | null = null;
  isHolding = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * The head of an answer has come.
   *
   * @param mayGoOn whether another attempt could follow
   * @param room of an answer that is judged as a whole; null: it leaves with its first token
   * @returns true: it waits
   */
  begin(status: number, mayGoOn: boolean, room: Room | null = null): boolean {
    this.#isError = status >= 400;
    this.#room = this.#isError ? null : room;
    this.isHolding = mayGoOn;
    return mayGoOn;
  }

  /** @returns false: all of it may leave now, these bytes too */
  push(bytes: Buffer, hasToken: boolean): boolean {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    this.isHolding =
      this.#room === null
        ? (this.#isError || !hasToken) && this.#bytes <= this.#bytesMax
        : this.#room.takeRoom(bytes.length);
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
