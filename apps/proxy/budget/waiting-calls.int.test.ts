/** Calls that wait for a slice: who is served, who is refused, and that none waits forever. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { describe, expect, it, vi } from 'vitest';
import { holdOf, useBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';

const books = useBooks();
/** A deadline that only a defect reaches. */
const WITHIN = { timeout: 10_000 };

/** A ledger that answers appends only once it is let go, and counts them. */
function heldLedger() {
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const append: Ledger['append'] = async (...args) => {
    reach();
    await promise;
    return books().ledger.append(...args);
  };
  return { between: { append }, letGo, reached };
}

/** A ledger that counts what it is asked. */
function countedLedger() {
  const asked = { reads: 0, appends: 0 };
  const between: Partial<Ledger> = {
    read: (...args) => {
      asked.reads++;
      return books().ledger.read(...args);
    },
    append: (...args) => {
      asked.appends++;
      return books().ledger.append(...args);
    },
  };
  return { between, asked };
}

describe('a call that is too large for what is left', () => {
  it('does not keep smaller calls from being served', async () => {
    const definition = await books().define();
    const book = await books().open({ limits: { exhaustedForMs: 60_000 } });
    await expect(holdOf(book, definition, 16_001n)).rejects.toThrow('exceeded');
    await holdOf(book, definition, 16_000n);
  });

  it('is refused without asking the ledger again, and so is a larger one', async () => {
    const definition = await books().define();
    const { between, asked } = countedLedger();
    const book = await books().open({ between, limits: { exhaustedForMs: 60_000 } });
    await expect(holdOf(book, definition, 16_001n)).rejects.toThrow('exceeded');
    const { reads } = asked;
    for (const amount of [16_001n, 20_000n]) {
      await expect(holdOf(book, definition, amount)).rejects.toThrow('exceeded');
    }
    expect(asked.reads).toBe(reads);
  });

  it('stays refused although a smaller one was served meanwhile', async () => {
    const definition = await books().define();
    const { between, asked } = countedLedger();
    const book = await books().open({ between, limits: { exhaustedForMs: 60_000 } });
    await expect(holdOf(book, definition, 16_001n)).rejects.toThrow('exceeded');
    await holdOf(book, definition, 10n);
    const { reads } = asked;
    await expect(holdOf(book, definition, 16_001n)).rejects.toThrow('exceeded');
    expect(asked.reads).toBe(reads);
  });

  it('of several that are refused at once the smallest says what is not asked again', async () => {
    const definition = await books().define();
    const { between, asked } = countedLedger();
    const book = await books().open({ between, limits: { exhaustedForMs: 60_000 } });
    const refused = await Promise.all(
      [18_000n, 17_000n, 19_000n].map((amount) =>
        book.hold([wanted(definition, amount)], Date.now()),
      ),
    );
    expect(refused.map(({ kind }) => kind)).toEqual(['exceeded', 'exceeded', 'exceeded']);
    const { reads } = asked;
    await expect(holdOf(book, definition, 17_000n)).rejects.toThrow('exceeded');
    expect(asked.reads).toBe(reads);
    await expect(holdOf(book, definition, 16_999n)).rejects.toThrow('exceeded');
    expect(asked.reads).toBeGreaterThan(reads);
  });

  it('asks the ledger again later: others may have returned slices', async () => {
    const definition = await books().define();
    const [one, two] = [
      await books().open(),
      await books().open({ limits: { exhaustedForMs: 0 } }),
    ];
    const holds = await holdOf(one, definition, 16_000n);
    await expect(holdOf(two, definition, 16_000n)).rejects.toThrow('exceeded');
    one.cancel(holds);
    await one.stop();
    await holdOf(two, definition, 16_000n);
  });

  it('learns at once what others returned since this proxy last read', async () => {
    const definition = await books().define();
    const [one, two] = [await books().open(), await books().open()];
    const holds = await holdOf(one, definition, 15_000n);
    await holdOf(two, definition, 1_000n);
    one.cancel(holds);
    await one.stop();
    await holdOf(two, definition, 15_000n);
  });
});

describe('calls that wait together', () => {
  it('are served by one grant as far as what is left can, in order of arrival', async () => {
    const definition = await books().define();
    const book = await books().open();
    const outcomes = await Promise.all(
      [9_000n, 8_000n, 7_000n].map((amount) => book.hold([wanted(definition, amount)], Date.now())),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['held', 'exceeded', 'held']);
    const window = await books().window(definition);
    // The second and third call came while the window was opened for the first.
    expect(window).toEqual(['WindowOpened 16000', 'LeaseGranted lse_1 16000']);
  });

  it('keep their order when a grant serves only the first of them', async () => {
    const definition = await books().define();
    const book = await books().open();
    const outcomes = await Promise.all(
      [9_000n, 6_000n, 5_000n].map((amount) => book.hold([wanted(definition, amount)], Date.now())),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['held', 'held', 'exceeded']);
  });

  it('take from a slice that is large enough without a further grant', async () => {
    const definition = await books().define();
    const book = await books().open();
    await Promise.all([300n, 300n, 400n].map((amount) => holdOf(book, definition, amount)));
    expect(await books().window(definition)).toEqual([
      'WindowOpened 16000',
      'LeaseGranted lse_1 1000',
    ]);
  });

  it('are so many at most; one more is refused at once', async () => {
    const definition = await books().define();
    const { between, letGo, reached } = heldLedger();
    const book = await books().open({ between, limits: { grantWaitersMax: 2 } });
    const waiting = [holdOf(book, definition, 1n), holdOf(book, definition, 2n)];
    await reached;
    const third = await book.hold([wanted(definition, 3n)], Date.now());
    expect(third).toMatchObject({ kind: 'unavailable' });
    expect(String((third as { cause?: unknown }).cause)).toContain('too many calls wait');
    letGo();
    await Promise.all(waiting);
  });

  it('are all told when the ledger fails, and the next call tries again', async () => {
    const definition = await books().define();
    let isAway = true;
    const read: Ledger['read'] = (...args) =>
      isAway ? Promise.reject(new Error('away')) : books().ledger.read(...args);
    const book = await books().open({ between: { read } });
    const outcomes = await Promise.all(
      [1n, 2n].map((amount) => book.hold([wanted(definition, amount)], Date.now())),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ kind: 'unavailable', cause: new Error('away') });
    }
    expect(books().errors).toEqual([
      [`budget-${definition.budget_id}@19700101T000000Z`, 'Error: away'],
    ]);
    isAway = false;
    await holdOf(book, definition, 1n);
  });
});

describe('a call on whose path there are several budgets', () => {
  it('holds each of them, in the order in which it was asked', async () => {
    const both = [await books().define(), await books().define()];
    const book = await books().open();
    const requests = both.map((definition, index) => wanted(definition, BigInt(index + 1)));
    const outcome = await book.hold(requests, Date.now());
    if (outcome.kind !== 'held') throw new Error(outcome.kind);
    const held = outcome.holds.map(({ account, parts }) => [
      account.definition.budget_id,
      parts.map(({ amount }) => amount),
    ]);
    expect(held).toEqual(both.map(({ budget_id }, index) => [budget_id, [BigInt(index + 1)]]));
  });

  it('I3: that is refused by the last of them holds nothing of the first', async () => {
    const [first, last] = [await books().define(), await books().define({ limit: 5n })];
    const book = await books().open();
    const requests = [first, last].map((definition) => wanted(definition, 10n));
    const refused = await book.hold(requests, Date.now());
    expect(refused.kind === 'exceeded' && refused.account.definition).toBe(last);
    const [hold] = await holdOf(book, first, 1_000n);
    expect(hold?.account.leases.map(({ holds }) => holds)).toEqual([1]);
  });
});

describe('a call that waits for too long', () => {
  it('I3: is refused, and holds nothing when the grant comes after all', async () => {
    const definition = await books().define();
    const { between, letGo } = heldLedger();
    const book = await books().open({ between, limits: { grantTimeoutMs: 20 } });
    const late = await book.hold([wanted(definition, 600n)], Date.now());
    expect(late).toMatchObject({ kind: 'unavailable' });
    expect(String((late as { cause?: unknown }).cause)).toContain('no grant within 20 ms');
    letGo();
    // The slice is there, and all of it is free.
    const [hold] = await vi.waitFor(() => holdOf(book, definition, 1_000n), WITHIN);
    expect(hold?.account.leases.map(({ holds, held }) => [holds, held])).toEqual([[1, 1_000n]]);
  });

  it('has a timer, which ends with the wait', async () => {
    const definition = await books().define();
    const set = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const book = await books().open({
      limits: { grantTimeoutMs: 61_234, grantsTimeoutMs: 70_000 },
    });
    await holdOf(book, definition, 10n);
    const index = set.mock.calls.findIndex(([, ms]) => ms === 61_234);
    expect(cleared).toHaveBeenCalledWith(set.mock.results[index]?.value);
  });

  it('does not take one that waits with it along', async () => {
    const definition = await books().define();
    const { between, letGo, reached } = heldLedger();
    const book = await books().open({
      between,
      limits: { grantTimeoutMs: 61_234, grantsTimeoutMs: 70_000 },
    });
    const { setTimeout: later } = globalThis;
    const timeOut: (() => void)[] = [];
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0) =>
      ms === 61_234 ? timeOut.push(run) : later(run, ms)) as unknown as typeof setTimeout);
    const calls = [600n, 500n].map((amount) => book.hold([wanted(definition, amount)], Date.now()));
    await reached;
    timeOut[0]?.();
    expect(await calls[0]).toMatchObject({ kind: 'unavailable' });
    letGo();
    expect(await calls[1]).toMatchObject({ kind: 'held' });
  });
});
