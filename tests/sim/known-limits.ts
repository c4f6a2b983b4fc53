/**
 * Which revision of a limit a proxy has to know by now, window by window: a slice that it asks for
 * from here on is of that limit or a later one.
 */
type Defined = { budget_id: string; revision: bigint };

export class KnownLimits {
  /** By window. */
  readonly #held = new Map<string, bigint>();
  /** Budgets of calls that wait for their holds: as their proxy knew them when they came. */
  readonly #waiting = new Set<readonly Defined[]>();

  waits(path: readonly Defined[]): void {
    this.#waiting.add(path);
  }

  /** @param streams the windows that the call holds of, in the order of its path */
  held(path: readonly Defined[], streams: readonly string[]): void {
    this.#waiting.delete(path);
    streams.forEach((stream, index) => {
      const { revision } = path[index] as Defined;
      if (revision > (this.#held.get(stream) ?? -1n)) this.#held.set(stream, revision);
    });
  }

  /** A call gave up or was refused: what was asked for it may be on its way. */
  gaveUp(path: readonly Defined[]): void {
    this.#waiting.delete(path);
    for (const stream of this.#held.keys()) {
      if (path.some(({ budget_id }) => isOf(stream, budget_id))) this.#held.delete(stream);
    }
  }

  /** By window, for a slice that is asked for now. */
  least(): ReadonlyMap<string, bigint> {
    const least = new Map(this.#held);
    for (const { budget_id, revision } of [...this.#waiting].flat()) {
      // A window that was let go of comes back with what the waiting call knew.
      for (const [stream, held] of least) {
        if (revision < held && isOf(stream, budget_id)) least.set(stream, revision);
      }
    }
    return least;
  }
}

function isOf(stream: string, budgetId: string): boolean {
  return stream.startsWith(`budget-${budgetId}~`) || stream.startsWith(`budget-${budgetId}@`);
}
