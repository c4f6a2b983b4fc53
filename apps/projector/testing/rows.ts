/** Projected rows for tests, without the records that they would come from. */
import type { ProjectedRow } from '../projection.ts';

/** A counted attempt at offset 0 of partition 0, whose key is 1. */
export function row(fields: Partial<ProjectedRow> = {}): ProjectedRow {
  return {
    partition: 0,
    offset: 0n,
    disposition: 'counted',
    deadReason: null,
    idKey: '1',
    leafHex: 'aa',
    object: Buffer.from('{"id":"1"}'),
    resolvesId: null,
    resolvable: false,
    appendedAtMs: 0,
    ...fields,
  };
}
