/** What is to happen, in the order of its time; of the same time, in the order of its planning. */

export class Planned<T> {
  atMs: number;
  readonly order: number;
  /** Null: it was taken back, or has happened. */
  what: T | null;

  constructor(atMs: number, order: number, what: T) {
    this.atMs = atMs;
    this.order = order;
    this.what = what;
  }

  /** As of a timer: nothing here keeps a process alive. */
  unref(): this {
    return this;
  }
}

/** A binary heap: a history has thousands of events, most of them planned shortly before. */
export class EventQueue<T> {
  readonly #heap: Planned<T>[] = [];
  #planned = 0;

  /** To take it back, set `what` to null. */
  add(atMs: number, what: T): Planned<T> {
    const event = new Planned(atMs, this.#planned++, what);
    this.#push(event);
    return event;
  }

  /** Later, but in the same order as what was planned before it and is put off as well. */
  putOff(event: Planned<T>, atMs: number): void {
    event.atMs = atMs;
    this.#push(event);
  }

  peek(): Planned<T> | undefined {
    return this.#heap[0];
  }

  take(): Planned<T> {
    const heap = this.#heap;
    const first = heap[0] as Planned<T>;
    const last = heap.pop() as Planned<T>;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #push(event: Planned<T>): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Planned<T>;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  #sink(event: Planned<T>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      const right = heap[childAt + 1];
      if (right !== undefined && isBefore(right, heap[childAt] as Planned<T>)) childAt++;
      const child = heap[childAt] as Planned<T>;
      if (isBefore(event, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = event;
  }
}

function isBefore<T>(one: Planned<T>, other: Planned<T>): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
