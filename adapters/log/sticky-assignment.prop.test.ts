import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSticky, type Member } from './sticky-assignment.ts';

const members = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 9 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({ id: fc.constant(id), owned: fc.array(fc.integer({ min: -2, max: 70 })) }),
      ),
    ),
  );

describe('the distribution of partitions', () => {
  it('gives every partition to exactly one member, and all members the same number, give or take one', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 64 }), (all, partitions) => {
        const lists = [...assignSticky(all, partitions).values()];
        const given = lists.flat().toSorted((a, b) => a - b);
        expect(given).toEqual(Array.from({ length: partitions }, (_, p) => p));
        const sizes = lists.map((list) => list.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves nothing when no member comes or goes, and only the share of a member that comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 8, max: 64 }), (count, n) => {
        const ids = Array.from({ length: count }, (_, i) => `m${i}`);
        const first = assignSticky(
          ids.map((id) => ({ id, owned: [] })),
          n,
        );
        const asOwned = (): Member[] => [...first].map(([id, owned]) => ({ id, owned }));
        expect(assignSticky(asOwned(), n)).toEqual(first);
        const grown = assignSticky([...asOwned(), { id: 'new', owned: [] }], n);
        const moved = [...first].flatMap(([id, owned]) =>
          owned.filter((p) => !grown.get(id)?.includes(p)),
        );
        expect(moved.toSorted()).toEqual(grown.get('new')?.toSorted());
      }),
    );
  });
});
