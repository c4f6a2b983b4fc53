import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ProcessManager, startProcess } from './process-manager.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A process over these items; `handle` decides what becomes of each. */
function processOver(items: string[], handle: ProcessManager<string>['handle']) {
  const errors: string[] = [];
  const handled: string[] = [];
  const startMs = performance.now();
  const running = startProcess<string>({
    name: 'painting',
    due: async () => [...items],
    idOf: (item) => item,
    handle: async (item, signal) => {
      handled.push(`${item}@${performance.now() - startMs}`);
      await handle(item, signal);
    },
    pollMs: 10,
    retryMs: { first: 10, max: 40 },
    onError: (message, error) => errors.push(`${message}: ${(error as Error).message}`),
  });
  return { running, handled, errors };
}

describe('a process manager', () => {
  it('carries out what is due, in order, until it is due no more', async () => {
    const items = ['a', 'b'];
    const { running, handled } = processOver(items, async (item) => {
      if (item === 'a') items.shift();
    });
    await vi.advanceTimersByTimeAsync(15);
    items.length = 0;
    items.push('c');
    await vi.advanceTimersByTimeAsync(10);
    await running.stop();
    expect(handled).toEqual(['a@0', 'b@0', 'b@10', 'c@20']);
  });

  it('tries an item that fails again with back-off, and holds up no other', async () => {
    let failing = true;
    const { running, handled, errors } = processOver(['bad', 'good'], async (item) => {
      if (item === 'bad' && failing) throw new Error('spilt');
    });
    const triesOf = (item: string) =>
      handled
        .splice(0)
        .flatMap((at) => (at.startsWith(`${item}@`) ? [Number(at.slice(item.length + 1))] : []));
    await vi.advanceTimersByTimeAsync(155);
    expect(triesOf('bad')).toEqual([0, 10, 30, 70, 110, 150]);
    expect(new Set(errors)).toEqual(new Set(['painting bad failed; trying again: spilt']));
    expect(errors).toHaveLength(6);
    failing = false;
    await vi.advanceTimersByTimeAsync(50);
    expect(triesOf('bad')).toEqual([190, 200]);
    failing = true;
    await vi.advanceTimersByTimeAsync(40);
    // The first pause again: it has succeeded in between.
    expect(triesOf('bad')).toEqual([210, 220, 240]);
    await vi.advanceTimersByTimeAsync(20);
    expect(triesOf('good')).toEqual([250, 260]);
    await running.stop();
  });

  it('does not hold an earlier failure against an item that was not due in between', async () => {
    const items = ['bad'];
    const { running, handled } = processOver(items, async () => {
      throw new Error('spilt');
    });
    await vi.advanceTimersByTimeAsync(75);
    items.length = 0;
    await vi.advanceTimersByTimeAsync(10);
    items.push('bad');
    await vi.advanceTimersByTimeAsync(20);
    await running.stop();
    expect(handled).toEqual(['bad@0', 'bad@10', 'bad@30', 'bad@70', 'bad@90', 'bad@100']);
  });

  it('says when it cannot read what is due, and reads again', async () => {
    const errors: string[] = [];
    const handled: string[] = [];
    let reads = 0;
    const running = startProcess<string>({
      name: 'painting',
      due: async () => {
        if (++reads < 3) throw new Error('dark');
        return ['a'];
      },
      idOf: (item) => item,
      handle: async (item) => void handled.push(item),
      pollMs: 10,
      retryMs: { first: 10, max: 40 },
      onError: (message) => errors.push(message),
    });
    await vi.advanceTimersByTimeAsync(25);
    await running.stop();
    const message = 'painting: what is due cannot be read; trying again';
    expect([errors, handled]).toEqual([[message, message], ['a']]);
  });
});

describe('stopping', () => {
  it('waits for the item in hand, tells it, and begins nothing new', async () => {
    let finish: () => void = () => undefined;
    let told = false;
    const { running, handled } = processOver(['a', 'b'], async (_item, signal) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      told = signal.aborted;
    });
    await vi.advanceTimersByTimeAsync(5);
    let stopped = false;
    const stopping = running.stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(100);
    expect([stopped, handled]).toEqual([false, ['a@0']]);
    finish();
    await stopping;
    await vi.advanceTimersByTimeAsync(100);
    expect({ stopped, told, handled }).toEqual({ stopped: true, told: true, handled: ['a@0'] });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a pause at once', async () => {
    const { running, handled } = processOver([], async () => undefined);
    await vi.advanceTimersByTimeAsync(5);
    await running.stop();
    expect([handled, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
