import { expect, it } from 'vitest';
import { ProjectorMetrics } from './metrics.ts';

function valuesOf(metrics: ProjectorMetrics, lag: bigint) {
  return metrics
    .families(lag)
    .flatMap(({ name, type, samples }) =>
      samples.map(([suffix, labels, value]) => [`${name}${suffix}{${labels}}`, type, value]),
    );
}

it('the metrics say what was written, what is left, and what went wrong', () => {
  const metrics = new ProjectorMetrics();
  Object.assign(metrics.rows, { counted: 5, duplicate: 2, dead: 1 });
  Object.assign(metrics, { conflicting: 3, batches: 4, batchMs: 12.6, fenced: 6 });
  expect(valuesOf(metrics, 7n)).toEqual([
    ['tollgate_projector_lag_records{}', 'gauge', 7],
    ['tollgate_projector_rows_total{disposition="counted"}', 'counter', 5],
    ['tollgate_projector_rows_total{disposition="duplicate"}', 'counter', 2],
    ['tollgate_projector_rows_total{disposition="dead"}', 'counter', 1],
    ['tollgate_projector_conflicting_duplicates_total{}', 'counter', 3],
    ['tollgate_projector_batches_total{}', 'counter', 4],
    ['tollgate_projector_batch_seconds_total{}', 'counter', 0.0126],
    ['tollgate_projector_fenced_total{}', 'counter', 6],
  ]);
  expect(valuesOf(new ProjectorMetrics(), 0n).map(([, , value]) => value)).toEqual(
    new Array(8).fill(0),
  );
});
