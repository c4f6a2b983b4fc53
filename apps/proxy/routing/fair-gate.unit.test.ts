import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FairGate } from './fair-gate.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Asks for entry and notes in which order it was given, or not. */
function visitors(gate: FairGate) {
  const entered: string[] = [];
  const ask = (owner: string, name: string) => {
    const turn = gate.take(owner);
    if (turn === true) entered.push(name);
    else void turn.then((inside) => entered.push(inside ? name : `not ${name}`));
  };
  return { entered, ask };
}
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('one owner does not take what all share', () => {
  it('so many at once, and the next when one leaves', async () => {
    const gate = new FairGate(2, 1_000);
    const { entered, ask } = visitors(gate);
    for (const name of ['a1', 'a2', 'a3']) ask('a', name);
    expect([entered, gate.waiting]).toEqual([['a1', 'a2'], 1]);
    gate.leave();
    await settle();
    expect([entered, gate.waiting]).toEqual([['a1', 'a2', 'a3'], 0]);
    gate.leave();
    gate.leave();
    ask('b', 'b1');
    expect(entered).toContain('b1');
  });

  it('owners enter in turn, however many of one are waiting', async () => {
    const gate = new FairGate(1, 1_000);
    const { entered, ask } = visitors(gate);
    for (const name of ['a1', 'a2', 'a3', 'a4']) ask('a', name);
    ask('b', 'b1');
    ask('c', 'c1');
    ask('b', 'b2');
    for (let left = 0; left < 6; left++) {
      gate.leave();
      await settle();
    }
    expect(entered).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  it('who waits too long is turned away, and takes nobody’s place', async () => {
    const gate = new FairGate(1, 1_000);
    const { entered, ask } = visitors(gate);
    ask('a', 'a1');
    ask('a', 'a2');
    await vi.advanceTimersByTimeAsync(600);
    ask('a', 'a3');
    ask('b', 'b1');
    await vi.advanceTimersByTimeAsync(400);
    expect([entered, gate.waiting]).toEqual([['a1', 'not a2'], 2]);
    gate.leave();
    await settle();
    gate.leave();
    await settle();
    gate.leave();
    expect(entered).toEqual(['a1', 'not a2', 'a3', 'b1']);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([entered.length, gate.waiting, gate.take('c')]).toEqual([4, 0, true]);
  });
});
