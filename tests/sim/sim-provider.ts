/**
 * A provider that keeps its own bill: the oracle of what was really used. It bills a request when it
 * takes it, whatever becomes of the answer and of who asked.
 */
import type { UpstreamControl, UpstreamHandler } from '@tollgate/adapters/provider/upstream.ts';
import type { Process, World } from './world.ts';

export type Usage = { inputTokens: number; outputTokens: number };
/** What one request may use at most, as it states. */
export type Bound = Usage;

export type ProviderHabits = {
  /** How often more is used than was stated as the bound. */
  overruns: number;
  /** How often something goes wrong: it is not reached, refuses, breaks off, hangs, states nothing. */
  trouble: number;
  /** How long an answer takes, ms. */
  answerMs: readonly [number, number];
};

/** The simulated dialect reads usage from this header. */
export const USAGE_HEADER = 'x-usage';
/** The most tokens that can have been written, by what the answer shows. */
export const SHOWN_HEADER = 'x-shown';

type Trouble =
  /** Nothing was sent. */
  | 'unreachable'
  /** It was sent, and nothing arrived. */
  | 'lost'
  | 'refused'
  | 'failed'
  /** Taken, and its answer says nothing of usage. */
  | 'silent'
  | 'broken'
  /** It says something of usage and breaks off. */
  | 'broken_late'
  | 'hangs';

const TROUBLES: readonly Trouble[] = [
  ...(['unreachable', 'lost', 'refused', 'failed'] as const),
  ...(['silent', 'broken', 'broken_late', 'hangs'] as const),
];

export class SimProvider {
  readonly #world: World;
  readonly #habits: ProviderHabits;
  readonly #onBilled: (attemptId: string, usage: Usage) => void;
  readonly bill = new Map<string, Usage>();

  constructor(
    world: World,
    habits: ProviderHabits,
    onBilled: (attemptId: string, usage: Usage) => void,
  ) {
    this.#world = world;
    this.#habits = habits;
    this.#onBilled = onBilled;
  }

  post(from: Process, attemptId: string, bound: Bound, handler: UpstreamHandler): UpstreamControl {
    const request = new Request(this.#world, from, handler);
    const { random } = this.#world;
    const trouble = random.chance(this.#habits.trouble) ? random.pick(TROUBLES) : null;
    if (this.#world.leaves(from)) this.#send(request, attemptId, bound, trouble);
    return request;
  }

  #send(request: Request, attemptId: string, bound: Bound, trouble: Trouble | null): void {
    const { random } = this.#world;
    if (trouble === 'unreachable') {
      request.in(5, () => request.fail('unreachable', true));
      return;
    }
    if (trouble === 'lost') {
      request.in(random.spread(50, 5_000), () => request.fail('broken', false));
      return;
    }
    this.#world.in(random.spread(0.5, 300), null, () => {
      if (trouble === 'refused') request.in(5, () => request.answer(429, {}));
      else if (trouble === 'failed') request.in(5, () => request.answer(500, {}));
      else this.#serve(request, attemptId, bound, trouble);
    });
  }

  #serve(request: Request, attemptId: string, bound: Bound, trouble: Trouble | null): void {
    const { random } = this.#world;
    const exceeds = random.chance(this.#habits.overruns);
    const usage = {
      inputTokens: random.int(1, bound.inputTokens),
      outputTokens: exceeds
        ? bound.outputTokens + random.int(1, 2 * bound.outputTokens)
        : random.int(0, bound.outputTokens),
    };
    this.bill.set(attemptId, usage);
    this.#onBilled(attemptId, usage);
    const ms = random.spread(...this.#habits.answerMs);
    const said = { [USAGE_HEADER]: `${usage.inputTokens},${usage.outputTokens}` };
    if (trouble === null) request.in(ms, () => request.answer(200, said));
    if (trouble === 'silent') {
      const shown = { [SHOWN_HEADER]: String(usage.outputTokens + random.int(0, 50)) };
      const isRead = random.chance(0.5);
      request.in(ms, () => request.answer(200, isRead ? shown : {}));
    }
    if (trouble === 'broken') request.in(ms, () => request.fail('broken', false));
    if (trouble === 'broken_late') {
      request.in(ms, () => {
        request.begin(200, { [USAGE_HEADER]: `${usage.inputTokens},0` });
        request.fail('broken', false);
      });
    }
  }
}

/** One request, as its sender sees it. */
class Request implements UpstreamControl {
  readonly #world: World;
  readonly #from: Process;
  readonly #handler: UpstreamHandler;
  #ended = false;

  constructor(world: World, from: Process, handler: UpstreamHandler) {
    this.#world = world;
    this.#from = from;
    this.#handler = handler;
  }

  /** As an event of the sender. */
  in(ms: number, run: () => void): void {
    this.#world.in(ms, this.#from, run);
  }

  begin(status: number, headers: Record<string, string>): void {
    if (!this.#ended) this.#handler.onHeaders(status, headers);
  }

  answer(status: number, headers: Record<string, string>): void {
    if (this.#ended) return;
    this.#handler.onHeaders(status, headers);
    this.#ended = true;
    this.#handler.onEnd();
  }

  fail(kind: 'unreachable' | 'broken' | 'aborted', unsent: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handler.onFailure({ kind, unsent, cause: new Error(kind) });
  }

  pause(): void {
    // Its answers have no bytes that could wait.
  }

  resume(): void {
    // As above.
  }

  abort(): void {
    this.in(1, () => this.fail('aborted', false));
  }
}
