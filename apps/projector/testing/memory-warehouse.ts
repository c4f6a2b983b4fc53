/**
 * A warehouse without an engine that knows the statements of a projector: it keeps rows by position,
 * lets only the newest epoch of a partition insert, and answers what a projector asks of them. Roll-ups
 * it does not compute. For tests of the projector's loop; its SQL is tested on a real engine.
 */
import { ScriptedWarehouse } from './scripted-warehouse.ts';

export type StoredRow = {
  partition: number;
  offset: number;
  disposition: string;
  dead_reason: string | null;
  insert_epoch: number;
  id_key: string;
  leaf_hex: string;
};
type EpochLine = { partition: number; epoch: number };
type SeamLine = { partition: number; seam: number };

const RANGE = /partition = (\d+) AND `offset` BETWEEN (\d+) AND (\d+)\s+AND insert_epoch = (\d+)/g;

export class MemoryWarehouse extends ScriptedWarehouse {
  readonly stored: StoredRow[] = [];

  constructor() {
    super();
    this.answers.set('tollgate.log_progress', () => this.#progress());
    this.answers.set('count() AS rows', (_, sql) => [{ rows: String(this.#countIn(sql)) }]);
    this.answers.set('count() AS n', ({ partition, last }) => {
      const above = this.#of(partition).filter(({ offset }) => offset > Number(last));
      return [{ n: String(above.length) }];
    });
    this.answers.set('AS at FROM', ({ partition, first, last }) =>
      this.#of(partition)
        .filter(({ offset }) => offset >= Number(first) && offset <= Number(last))
        .map(({ offset }) => ({ at: String(offset) })),
    );
    this.answers.set('id_key IN', (_, sql) => this.#counted(sql));
    this.answers.set('tollgate.seam', () => {
      const newest = new Map<number, number>();
      for (const { partition, seam } of this.#lines<SeamLine>('seam')) {
        newest.set(partition, Math.max(seam, newest.get(partition) ?? 0));
      }
      const seams = [...newest.values()];
      return [{ seam: Math.max(...seams), lowest: Math.min(...seams) }];
    });
  }

  /** `partition/offset` of the rows, in the order in which they were inserted. */
  places(): string[] {
    return this.stored.map(({ partition, offset }) => `${partition}/${offset}`);
  }

  /** How often each partition was claimed. */
  claims(partition: number): number {
    return this.#lines<EpochLine>('fence').filter((line) => line.partition === partition).length;
  }

  override async command(sql: string): Promise<void> {
    await super.command(sql);
    const stage = /(?:TRUNCATE TABLE|DROP TABLE IF EXISTS) tollgate\.(stage_\w+)/.exec(sql)?.[1];
    if (stage !== undefined) this.lines.delete(stage);
    if (!sql.includes('INSERT INTO tollgate.raw_usage')) return;
    const from = /FROM tollgate\.(stage_\w+)/.exec(sql)?.[1] ?? '';
    const staged = this.#lines<StoredRow>(from);
    this.stored.push(...staged.filter((row) => row.insert_epoch === this.#epochOf(row.partition)));
  }

  #of(partition: unknown): StoredRow[] {
    return this.stored.filter((row) => row.partition === partition);
  }

  #lines<T>(table: string): T[] {
    const text = this.lines.get(table) ?? '';
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
  }

  #epochOf(partition: number): number {
    const epochs = this.#lines<EpochLine>('fence').filter((line) => line.partition === partition);
    return Math.max(...epochs.map(({ epoch }) => epoch));
  }

  #progress() {
    return [...new Set(this.stored.map(({ partition }) => partition))].map((partition) => {
      const offsets = this.#of(partition).map(({ offset }) => offset);
      return { partition, rows: String(offsets.length), next: String(Math.max(...offsets) + 1) };
    });
  }

  #countIn(sql: string): number {
    const ranges = [...sql.matchAll(RANGE)].map(([, ...numbers]) => numbers.map(Number));
    return this.stored.filter(({ partition, offset, insert_epoch }) =>
      ranges.some(
        ([of = -1, first = 0, last = 0, epoch = 0]) =>
          partition === of && offset >= first && offset <= last && insert_epoch === epoch,
      ),
    ).length;
  }

  #counted(sql: string) {
    const table = /FROM tollgate\.(stage_keys_\w+)/.exec(sql)?.[1] ?? '';
    const keys = new Set(this.#lines<{ id_key: string }>(table).map(({ id_key }) => id_key));
    return this.stored
      .filter(({ disposition, id_key }) => disposition === 'counted' && keys.has(id_key))
      .map(({ id_key, leaf_hex }) => ({ key: id_key, leaf: leaf_hex, resolvable: 0 }));
  }
}
