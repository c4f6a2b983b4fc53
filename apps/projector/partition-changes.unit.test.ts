import { expect, it } from 'vitest';
import { partitionChanges } from './partition-changes.ts';

it.each([
  ['nothing changes', [1, 2], [1, 2], false, { taken: [], lost: [], any: false }],
  ['a new partition is taken', [1, 2], [1], false, { taken: [2], lost: [], any: true }],
  ['one that is another’s is lost', [1], [1, 2], false, { taken: [], lost: [2], any: true }],
  [
    'all are taken again when in doubt',
    [1, 2],
    [1, 3],
    true,
    { taken: [1, 2], lost: [3], any: true },
  ],
  ['doubt without partitions is a change', [], [], true, { taken: [], lost: [], any: true }],
])('%s', (_, assigned, owned, inDoubt, changes) => {
  expect(partitionChanges(new Set(assigned), owned, inDoubt)).toEqual(changes);
});
