import { describe, expect, it } from 'vitest';
import { type CountedRow, decideDispositions, keysToLookUp } from './dispositions.ts';
import type { ProjectedRow } from './projection.ts';
import { row } from './testing/rows.ts';

/** A UUID whose key is `n`. */
const uuid = (n: number) => `00000000-0000-0000-0000-${n.toString(16).padStart(12, '0')}`;
const dead = row({ disposition: 'dead', deadReason: 'why', idKey: '0', object: null });
const resolution = (idKey: string, target: number) => row({ idKey, resolvesId: uuid(target) });

function decide(rows: ProjectedRow[], stored: Record<string, CountedRow> = {}) {
  const { counted, conflicting, rows: decided } = decideDispositions(rows, (key) => stored[key]);
  const reasons = decided.map(({ disposition, deadReason }) =>
    deadReason === null ? disposition : `${disposition}: ${deadReason}`,
  );
  return { reasons, counted: [...counted.keys()], conflicting };
}

describe('which rows count', () => {
  it('I2: an id counts at its lowest position, in the batch and in what is stored', () => {
    const rows = [row({ idKey: '1' }), row({ idKey: '1' }), row({ idKey: '2' })];
    const stored = { '2': { leafHex: 'aa', resolvable: false } };
    expect(decide(rows, stored)).toEqual({
      reasons: ['counted', 'duplicate', 'duplicate'],
      counted: ['1'],
      conflicting: 0,
    });
  });

  it('I2: a known id with other content does not count, and is reported', () => {
    const rows = [row({ leafHex: 'aa' }), row({ leafHex: 'bb' }), row({ leafHex: 'aa' })];
    expect(decide(rows)).toMatchObject({
      reasons: ['counted', 'duplicate', 'duplicate'],
      conflicting: 1,
    });
  });

  it('I2: a dead row stays dead, and its key does not keep another from counting', () => {
    const rows = [{ ...dead, idKey: '1' }, row({ idKey: '1' })];
    expect(decide(rows)).toMatchObject({ reasons: ['dead: why', 'counted'], counted: ['1'] });
  });

  it('a resolution counts once its resolvable target is counted, before it or stored', () => {
    const rows = [row({ idKey: '5', resolvable: true }), resolution('10', 5), resolution('11', 6)];
    const stored = { '6': { leafHex: 'cc', resolvable: true } };
    expect(decide(rows, stored).reasons).toEqual(['counted', 'counted', 'counted']);
  });

  it('a resolution is dead before its target, and for a target that states its cost', () => {
    const rows = [resolution('10', 5), row({ idKey: '5' }), resolution('11', 5)];
    expect(decide(rows)).toEqual({
      reasons: [
        'dead: resolves_id: no such counted attempt',
        'counted',
        'dead: resolves_id: the attempt is not resolvable',
      ],
      counted: ['5'],
      conflicting: 0,
    });
  });

  it('asks for the keys of all rows and of their targets, but for none of a dead row', () => {
    const rows = [row({ idKey: '1' }), resolution('10', 5), dead];
    expect([...keysToLookUp(rows)]).toEqual(['1', '10', '5']);
  });
});
