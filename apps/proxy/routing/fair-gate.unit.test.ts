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
    gate.leave('a');
    await settle();
    expect([entered, gate.waiting]).toEqual([['a1', 'a2', 'a3'], 0]);
    gate.leave('a');
    gate.leave('a');
    ask('b', 'b1');
    expect(entered).toContain('b1');
  });

  it('however many come and never leave: a quarter is left, and newcomers enter at once', async () => {
    const gate = new FairGate(1_366, 5_000);
    const { entered, ask } = visitors(gate);
    for (let n = 0; n < 5_000; n++) ask('a', 'a');
    expect([entered.length, gate.waiting]).toEqual([1_025, 3_975]);
    for (let n = 0; n < 5_000; n++) ask('b', 'b');
    expect(entered.length).toBe(1_025 + 256);
    for (let n = 0; n < 60; n++) ask(`newcomer ${n}`, 'newcomer');
    expect(entered.filter((name) => name === 'newcomer')).toHaveLength(60);
  });

  it('when others leave, those who wait get what that frees, and no more than their share', async () => {
    const gate = new FairGate(8, 1_000);
    const { entered, ask } = visitors(gate);
    for (const name of ['b1', 'b2', 'b3']) ask('b', name);
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7']) ask('a', name);
    expect(entered).toEqual(['b1', 'b2', 'b3', 'a1', 'a2', 'a3', 'a4']);
    gate.leave('b');
    await settle();
    expect(entered.slice(7)).toEqual(['a5']);
    gate.leave('b');
    gate.leave('b');
    await settle();
    expect([entered.slice(8), gate.waiting]).toEqual([['a6'], 1]);
  });

  it('owners enter in turn, however many of one are waiting', async () => {
    const gate = new FairGate(1, 1_000);
    const { entered, ask } = visitors(gate);
    for (const name of ['a1', 'a2', 'a3', 'a4']) ask('a', name);
    ask('b', 'b1');
    ask('c', 'c1');
    ask('b', 'b2');
    for (let left = 0; left < 6; left++) {
      gate.leave(entered.at(-1)?.[0] ?? '');
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
    gate.leave('a');
    await settle();
    gate.leave('a');
    await settle();
    gate.leave('b');
    expect(entered).toEqual(['a1', 'not a2', 'a3', 'b1']);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([entered.length, gate.waiting, gate.take('c')]).toEqual([4, 0, true]);
  });
});
