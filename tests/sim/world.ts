/**
 * The world of a simulated history: its time, its processes, and what happens next. One event
 * happens at a time and belongs to one process (or to none: a store, a network); all code that
 * follows from it runs before the next one. A history is therefore a function of its seed.
 *
 * While a history runs, `setTimeout`, `clearTimeout`, `performance.now`, `Date` and `Math.random`
 * are those of the process whose event it is: the code under test has no other way to the world.
 */
import { EventQueue, type Planned } from './event-queue.ts';
import { Random } from './random.ts';

/** Something that runs, can stop for a while and can die. */
export class Process {
  readonly name: string;
  alive = true;
  /** Nothing of it runs before this moment (SIGSTOP); what it sent goes on. */
  stoppedUntilMs = 0;
  /** How far its clock of the day is off. */
  clockOffMs = 0;
  /** How often it still asks the world for anything before it dies in the middle of it. */
  asksLeft = Number.POSITIVE_INFINITY;
  /** What its death does to others: locks, writes in flight. */
  readonly onDeath: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }
}

/** A rule was broken: the history is over. */
export class Violation extends Error {}

type Happening = { of: Process | null; run: () => void };
type Timer = Planned<Happening>;

const LAST_NOTES = 80;

export class World {
  readonly random: Random;
  /** Milliseconds since the world began: the monotonic clock of every process. */
  nowMs = 0;
  steps = 0;
  /** Null: between two events. */
  current: Process | null = null;
  readonly #beginMs: number;
  readonly #queue = new EventQueue<Happening>();
  readonly #notes: string[] | null;
  #violation: string | null = null;

  /** @param tells whether what happens is kept as text */
  constructor(seed: number, beginMs: number, tells: boolean) {
    this.random = new Random(seed);
    this.#beginMs = beginMs;
    this.#notes = tells ? [] : null;
  }

  /** The last things that happened, if they are kept. */
  get notes(): readonly string[] {
    return this.#notes ?? [];
  }

  /** What a process takes for the time of day. */
  dayMs(process: Process | null): number {
    return Math.floor(this.#beginMs + this.nowMs) + (process?.clockOffMs ?? 0);
  }

  /** @param of null: nobody's; it happens whatever dies or stops */
  in(ms: number, of: Process | null, run: () => void): Planned<Happening> {
    return this.#queue.add(this.nowMs + ms, { of, run });
  }

  /**
   * A process asks a store, a provider or its disk for something.
   *
   * @returns whether the question leaves; the process may have died in the middle of asking
   */
  leaves(process: Process): boolean {
    if (!process.alive) return false;
    if (--process.asksLeft > 0) return true;
    this.kill(process);
    return this.random.chance(0.5);
  }

  kill(process: Process): void {
    if (!process.alive) return;
    this.note(process, 'dies');
    process.alive = false;
    for (const run of process.onDeath.splice(0)) run();
  }

  /** @param text a function, because most histories are not told */
  note(process: Process | null, text: string | (() => string)): void {
    if (this.#notes === null) return;
    if (this.#notes.length >= LAST_NOTES * 2) this.#notes.splice(0, LAST_NOTES);
    const at = (this.nowMs / 1000).toFixed(3).padStart(8);
    const said = typeof text === 'string' ? text : text();
    this.#notes.push(`${at} s  ${(process?.name ?? '').padEnd(8)} ${said}`);
  }

  /** A rule is broken. The code under test may be in the middle of something: it is not thrown here. */
  violate(message: string): void {
    this.#violation ??= message;
    this.note(null, `VIOLATION: ${message}`);
  }

  /** @throws Violation */
  check(): void {
    if (this.#violation !== null) throw new Violation(this.#violation);
  }

  /**
   * @returns whether it came to be
   * @throws Violation
   */
  async runUntil(atMs: number, isDone: () => boolean = () => false): Promise<boolean> {
    for (;;) {
      const next = this.#queue.peek();
      if (next === undefined || next.atMs > atMs) break;
      this.#queue.take();
      if (await this.#happen(next)) {
        this.check();
        if (isDone()) return true;
      }
    }
    this.nowMs = Math.max(this.nowMs, atMs);
    return isDone();
  }

  async #happen(event: Planned<Happening>): Promise<boolean> {
    if (event.what === null) return false;
    const { of, run } = event.what;
    if (of !== null) {
      if (!of.alive) return false;
      if (of.stoppedUntilMs > event.atMs) {
        this.#queue.putOff(event, of.stoppedUntilMs);
        return false;
      }
    }
    this.nowMs = event.atMs;
    this.steps++;
    this.current = of;
    event.what = null;
    run();
    await allSettled();
    this.current = null;
    return true;
  }

  /** @returns puts the real clocks back */
  install(): () => void {
    const real = { setTimeout, clearTimeout, Date, random: Math.random };
    const world = this;
    const scope = globalThis as unknown as Record<string, unknown>;
    class WorldDate extends real.Date {
      constructor(...of: [] | [string | number | Date]) {
        super(...((of.length === 0 ? [world.dayMs(world.current)] : of) as [number]));
      }
      static override now(): number {
        return world.dayMs(world.current);
      }
    }
    scope['Date'] = WorldDate;
    scope['setTimeout'] = (run: (...of: unknown[]) => void, ms = 0, ...of: unknown[]): Timer =>
      world.in(Math.max(1, ms), world.current, of.length === 0 ? run : () => run(...of));
    scope['clearTimeout'] = (timer: Timer | undefined) => {
      if (timer !== undefined) timer.what = null;
    };
    performance.now = () => world.nowMs;
    Math.random = () => world.random.next();
    return () => {
      scope['Date'] = real.Date;
      scope['setTimeout'] = real.setTimeout;
      scope['clearTimeout'] = real.clearTimeout;
      Reflect.deleteProperty(performance, 'now');
      Math.random = real.random;
    };
  }
}

/**
 * Resolves when no promise has anything left to do: Node runs a tick that a promise's job asked for
 * when all such jobs have run, and this is called in such a job only.
 */
function allSettled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
