import { describe, expect, it } from 'vitest';
import { noQuantities, quantityNames, toEventQuantities } from '../usage/quantities.ts';
import type { UsageEvent } from '../usage/usage-event.ts';
import { evolveReconciliation } from './reconciliation.ts';
import { type BillLine, reconciliationStreams } from './reconciliation-events.ts';
import { agrees, isNothing, resolvedAgrees, sameFigures } from './resolution.ts';

const zero = toEventQuantities(noQuantities());
const nothing = { attempt_id: 'a', ...zero, cost: '0.000000000000' } as BillLine;
const billed = { ...nothing, input_tokens: 7, cost: '0.500000000000' } as BillLine;
const event = (fields: object) => ({ ...zero, cost: '0.000000000000', ...fields }) as UsageEvent;

/** A line, and that line with one figure changed, for each of its figures. */
function eachOtherThan(line: BillLine): BillLine[] {
  const byQuantity = quantityNames.map((name) => ({ ...line, [name]: (line[name] ?? 0) + 1 }));
  return [...byQuantity, { ...line, cost: '0.500000000001' }];
}

describe('two statements about an attempt', () => {
  it('are the same only if every figure is', () => {
    expect(sameFigures(billed, { ...billed, attempt_id: 'b' })).toBe(true);
    expect(eachOtherThan(billed).filter((other) => sameFigures(billed, other))).toEqual([]);
    expect(sameFigures(nothing, billed)).toBe(false);
  });

  it('agree with the event only if every figure is that of the event', () => {
    const attempt = event(billed);
    expect(agrees(attempt, billed)).toBe(true);
    expect(eachOtherThan(billed).filter((other) => agrees(attempt, other))).toEqual([]);
  });

  it('agree with an attempt and its resolution if those add up, unknown counting as zero', () => {
    const unknown = Object.fromEntries(quantityNames.map((name) => [name, null]));
    for (const [attempt, resolution] of [
      [event({ ...unknown, cost: null }), event(billed)],
      [event(billed), event({ ...unknown, cost: null })],
      [
        event({ ...billed, input_tokens: 9, cost: '0.600000000000' }),
        event({ input_tokens: -2, cost: '-0.100000000000' }),
      ],
    ] as [UsageEvent, UsageEvent][]) {
      expect(resolvedAgrees(attempt, resolution, billed)).toBe(true);
      const others = eachOtherThan(billed);
      expect(others.filter((other) => resolvedAgrees(attempt, resolution, other))).toEqual([]);
    }
  });
});

it('a line says that nothing was billed only if every figure is zero', () => {
  expect(isNothing(nothing)).toBe(true);
  expect(eachOtherThan(nothing).filter(isNothing)).toEqual([]);
});

describe('an import', () => {
  const accepted = {
    ...{ import_id: 'rec_1', provider: 'p', lines: 1, chunks: 1 },
    ...{ start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' },
  };
  const lines = { import_id: 'rec_1', chunk: 0, lines: [billed] };

  it('exists once it is accepted, and not while its lines are stored', () => {
    const stored = evolveReconciliation(undefined, { type: 'ReconciliationLines', data: lines });
    expect(stored).toBeUndefined();
    const state = evolveReconciliation(stored, { type: 'ReconciliationAccepted', data: accepted });
    expect(state).toEqual(accepted);
    expect(evolveReconciliation(state, { type: 'ReconciliationLines', data: lines })).toBe(state);
  });

  it('has a stream of this name in every ledger (ADR 0001)', () => {
    expect(reconciliationStreams.of('rec_1')).toBe('reconciliation-rec_1');
  });
});
