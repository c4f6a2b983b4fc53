/** What answers may take of a turn of the event loop, and what waits for the next one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Intake } from './intake.ts';
import { TurnBudget } from './turn-budget.ts';

const MS_MAX = 20;
const SMALL_MS_MAX = 60;
let nowMs = 0;
let turns: TurnBudget;

beforeEach(() => {
  nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  turns = new TurnBudget(MS_MAX, SMALL_MS_MAX);
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

  bytesPerMs = 1;

  take(chunk: Buffer): void {
    nowMs += chunk.length / this.bytesPerMs;
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
    other.bytesPerMs = 1e9;
    const large = 'a'.repeat(5_000);
    greedy.push(LONG, LONG);
    other.push(large);
    expect([greedy.said, other.said]).toEqual([[LONG, 'pause'], ['pause']]);
    await turn();
    expect([greedy.said, other.said]).toEqual([[LONG, 'pause', LONG], ['pause']]);
    await turn();
    expect(other.said).toEqual(['pause', large, 'resume']);
  });

  it('that is small passes although another one has taken the turn, so much of it in each', async () => {
    const [greedy, other] = [new Owner(), new Owner()];
    other.bytesPerMs = 1e9;
    greedy.push(LONG);
    const half = 'h'.repeat(2_048);
    other.push('a', half, half, 'b');
    expect(other.said).toEqual(['a', half, 'pause']);
    await turn();
    expect([other.said, greedy.said]).toEqual([
      ['a', half, 'pause', half, 'b', 'resume'],
      [LONG, 'pause', 'resume'],
    ]);
    greedy.push(LONG);
    other.push(half);
    expect(other.said.at(-1)).toBe(half);
    expect([other.intake.isSmall, greedy.intake.isSmall]).toEqual([true, true]);
    other.push('d'.repeat(16_384));
    expect(other.intake.isSmall).toBe(false);
  });

  it('that is small does not pass when many such have taken as much again', () => {
    const owners = Array.from({ length: 8 }, () => new Owner());
    for (const owner of owners) owner.push('x'.repeat(MS_MAX / 2));
    expect(owners.map(({ said }) => said.at(-1) === 'pause')).toEqual([
      ...[false, true, false, false, false, false, true, true],
    ]);
    expect(turns.isOver).toBe(true);
  });

  it('that was gathered from many pieces takes as long as it took to find them', () => {
    const owner = new Owner();
    owner.bytesPerMs = 1e9;
    owner.intake.push(Buffer.from('ab'), 2);
    expect(owner.said).toEqual(['ab']);
    owner.intake.push(Buffer.from('c'), 50_000);
    owner.intake.push(Buffer.from('d'.repeat(5_000)));
    expect(owner.said).toEqual(['ab', 'c', 'pause']);
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

  it('that is expensive is taken in parts, each byte once and in order, and whole once it is cheap', async () => {
    const owner = new Owner();
    owner.bytesPerMs = 1_024;
    const letters = 'abcdefgh'.split('').map((letter) => letter.repeat(4_096));
    const text = letters.join('');
    owner.push(text);
    expect(owner.said).toEqual([text, 'pause']);
    await turn();
    await turn();
    owner.said.length = 0;
    owner.push(text);
    expect(owner.said).toEqual([
      letters.slice(0, 4).join(''),
      letters.slice(4, 6).join(''),
      'pause',
    ]);
    owner.bytesPerMs = 1e9;
    await turn();
    expect(owner.said.filter((said) => said.length > 10).join('')).toBe(text);
    for (let n = 0; n < 4; n++) owner.push(text);
    expect(owner.said.at(-1)).toBe(text);
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
  it('has no callback for one short thing, and is used up by many', async () => {
    const armed = vi.spyOn(globalThis, 'setImmediate');
    for (let n = 0; n < 11; n++) turns.spend(0.09);
    expect(armed).not.toHaveBeenCalled();
    for (let n = 11; n < MS_MAX * 12; n++) turns.spend(0.09);
    expect(armed).toHaveBeenCalledOnce();
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
