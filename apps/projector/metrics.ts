/** The projector's counters, as Prometheus text. */
export class ProjectorMetrics {
  readonly rows = { counted: 0, duplicate: 0, dead: 0 };
  conflicting = 0;
  batches = 0;
  batchMs = 0;
  fenced = 0;

  text(lag: bigint): string {
    const lines = ['# TYPE tollgate_projector_lag_records gauge'];
    lines.push(`tollgate_projector_lag_records ${lag}`);
    lines.push('# TYPE tollgate_projector_rows_total counter');
    for (const [disposition, count] of Object.entries(this.rows)) {
      lines.push(`tollgate_projector_rows_total{disposition="${disposition}"} ${count}`);
    }
    const counters: [string, number][] = [
      ['tollgate_projector_conflicting_duplicates_total', this.conflicting],
      ['tollgate_projector_batches_total', this.batches],
      ['tollgate_projector_batch_milliseconds_total', Math.round(this.batchMs)],
      ['tollgate_projector_fenced_total', this.fenced],
    ];
    for (const [name, value] of counters) lines.push(`# TYPE ${name} counter`, `${name} ${value}`);
    return `${lines.join('\n')}\n`;
  }
}
