/** What answers may take of a turn of the event loop, and what waits for the next one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Intake } from './intake.ts';
import { TurnBudget } from './turn-budget.ts';

const MS_MAX = 20;
let nowMs = 0;
let turns: TurnBudget;

beforeEach(() => {
  nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  turns = new TurnBudget(MS_MAX);
});
afterEach(() => vi.restoreAllMocks());

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An answer each of whose chunks takes as many milliseconds as it has bytes. */
class Owner {
  readonly said: string[] = [];
  readonly intake = new Intake(this, turns);
  readonly control = {
    pause: () => this.said.push('pause'),
    resume: () => this.said.push('resume'),
    abort: () => this.said.push('abort'),
  };

  take(chunk: Buffer): void {
    nowMs += chunk.length;
    this.said.push(chunk.toString());
  }

  push(...chunks: string[]): void {
    for (const chunk of chunks) this.intake.push(Buffer.from(chunk));
  }
}

const LONG = 'x'.repeat(MS_MAX);

describe('an answer', () => {
  it('that is cheap to read is taken as it comes, and nobody is asked to pause', async () => {
    const owner = new Owner();
    owner.push('a', 'b', 'c');
    await turn();
    owner.push('d'.repeat(MS_MAX - 1));
    expect(owner.said).toEqual(['a', 'b', 'c', 'd'.repeat(MS_MAX - 1)]);
  });

  it('that takes a whole turn waits for the next one, in its order, its provider paused', async () => {
    const owner = new Owner();
    owner.push(LONG, 'a', 'b');
    expect(owner.said).toEqual([LONG, 'pause']);
    await turn();
    await turn();
    expect(owner.said).toEqual([LONG, 'pause', 'a', 'b', 'resume']);
  });

  it('whose turn another one has taken waits as well, and is taken before more of the other', async () => {
    const [greedy, other] = [new Owner(), new Owner()];
    greedy.push(LONG, LONG);
    other.push('a');
    expect([greedy.said, other.said]).toEqual([[LONG, 'pause'], ['pause']]);
    await turn();
    expect([greedy.said, other.said]).toEqual([[LONG, 'pause', LONG], ['pause']]);
    await turn();
    expect(other.said).toEqual(['pause', 'a', 'resume']);
  });

  it('whose client is slow goes on only when the client does', async () => {
    const owner = new Owner();
    owner.push(LONG);
    owner.intake.pause();
    await turn();
    expect(owner.said).toEqual([LONG, 'pause', 'pause']);
    owner.intake.resume();
    expect(owner.said).toEqual([LONG, 'pause', 'pause', 'resume']);
  });

  it('that waits for its turn does not go on because its client does', async () => {
    const owner = new Owner();
    owner.push(LONG, 'a');
    owner.intake.pause();
    owner.intake.resume();
    expect(owner.said).toEqual([LONG, 'pause', 'pause']);
    await turn();
    expect(owner.said).toEqual([LONG, 'pause', 'pause', 'a', 'resume']);
  });

  it('ends when all that waits is taken', async () => {
    const owner = new Owner();
    owner.push(LONG, 'a');
    expect(owner.intake.waits).toBe(true);
    owner.intake.whenTaken(() => owner.said.push('end'));
    await turn();
    expect([owner.said, owner.intake.waits]).toEqual([[LONG, 'pause', 'a', 'end'], false]);
  });
});

describe('a turn', () => {
  it('is not made shorter by what was too short to count', async () => {
    for (let n = 0; n < 1_000; n++) turns.spend(0.09);
    expect(turns.isSpent).toBe(false);
    turns.spend(MS_MAX);
    expect(turns.isSpent).toBe(true);
    await turn();
    expect(turns.isSpent).toBe(false);
  });

  it('ends with what has waited in it when it is spent; the rest has the next one', async () => {
    const went: number[] = [];
    for (const n of [1, 2, 3, 4, 5]) {
      turns.wait(() => {
        went.push(n);
        turns.spend(MS_MAX / 2);
      });
    }
    await turn();
    expect(went).toEqual([1, 2]);
    turns.wait(() => went.push(6));
    await turn();
    await turn();
    expect(went).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
