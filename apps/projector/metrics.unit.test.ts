import { expect, it } from 'vitest';
import { ProjectorMetrics } from './metrics.ts';

it('the metrics are Prometheus text, every counter with its type', () => {
  const metrics = new ProjectorMetrics();
  Object.assign(metrics.rows, { counted: 5, duplicate: 2, dead: 1 });
  Object.assign(metrics, { conflicting: 3, batches: 4, batchMs: 12.6, fenced: 6 });
  expect(metrics.text(7n)).toBe(`# TYPE tollgate_projector_lag_records gauge
tollgate_projector_lag_records 7
# TYPE tollgate_projector_rows_total counter
tollgate_projector_rows_total{disposition="counted"} 5
tollgate_projector_rows_total{disposition="duplicate"} 2
tollgate_projector_rows_total{disposition="dead"} 1
# TYPE tollgate_projector_conflicting_duplicates_total counter
tollgate_projector_conflicting_duplicates_total 3
# TYPE tollgate_projector_batches_total counter
tollgate_projector_batches_total 4
# TYPE tollgate_projector_batch_milliseconds_total counter
tollgate_projector_batch_milliseconds_total 13
# TYPE tollgate_projector_fenced_total counter
tollgate_projector_fenced_total 6
`);
  expect(new ProjectorMetrics().text(0n).match(/ 0$/gm)).toHaveLength(8);
});
