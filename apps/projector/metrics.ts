/** What a projector counts. */
import { type Family, labelsOf, type Sample, single } from '@tollgate/adapters/metrics/families.ts';

export class ProjectorMetrics {
  readonly rows = { counted: 0, duplicate: 0, dead: 0 };
  conflicting = 0;
  batches = 0;
  batchMs = 0;
  fenced = 0;

  families(lag: bigint): Family[] {
    return [
      single(
        'tollgate_projector_lag_records',
        'gauge',
        'Records of the log that have no row in the warehouse yet.',
        Number(lag),
      ),
      {
        name: 'tollgate_projector_rows_total',
        type: 'counter',
        help: 'Rows that were written, by what a record is: counted, a duplicate, or dead.',
        samples: Object.entries(this.rows).map(([disposition, count]): Sample => {
          return ['', labelsOf({ disposition }), count];
        }),
      },
      single(
        'tollgate_projector_conflicting_duplicates_total',
        'counter',
        'Duplicates that have other content than the event that counts.',
        this.conflicting,
      ),
      single(
        'tollgate_projector_batches_total',
        'counter',
        'Batches that were written.',
        this.batches,
      ),
      single(
        'tollgate_projector_batch_seconds_total',
        'counter',
        'Time that writing batches took, in seconds.',
        this.batchMs / 1000,
      ),
      single(
        'tollgate_projector_fenced_total',
        'counter',
        'Times that a newer projector owned partitions of this one.',
        this.fenced,
      ),
    ];
  }
}
