/**
 * A warehouse without an engine: it records the statements that it is given, in order, and answers
 * questions from a script. For tests of the order of writes and of what follows from an answer; what
 * the SQL does is tested on a real engine.
 */
import type { Row, Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

type Params = Record<string, unknown>;

const STATEMENT = /(CREATE|DROP|TRUNCATE) TABLE (?:IF EXISTS )?(\S+)|(INSERT) INTO (\S+)/;

export class ScriptedWarehouse implements Warehouse {
  /** `insert raw_usage`, `load stage_p1_0`, `ask raw_usage` and so on, each once it has happened. */
  readonly done: string[] = [];
  /** The lines that a table was given, all inserts together. */
  readonly lines = new Map<string, string>();
  /** What the questions were asked with. */
  readonly asked: Params[] = [];
  /** Called before each statement; what it throws, the statement fails with. */
  before: (statement: string) => void | Promise<void> = () => undefined;
  /** By a text of the question: its answer. Questions without one are answered by no rows. */
  readonly answers = new Map<string, (params: Params, sql: string) => Row[]>();

  async query<T extends Row>(sql: string, params: Params = {}): Promise<T[]> {
    const table = /FROM (?:tollgate\.)?([\w.]+)/.exec(sql)?.[1] ?? '';
    await this.#does(`ask ${table}`);
    this.asked.push(params);
    for (const [text, answer] of this.answers) {
      if (sql.includes(text)) return answer(params, sql) as T[];
    }
    return [];
  }

  async command(sql: string): Promise<void> {
    const [, verb, table, insert, into] = STATEMENT.exec(sql) ?? [];
    await this.#does(`${(verb ?? insert ?? '?').toLowerCase()} ${named(table ?? into ?? '')}`);
  }

  async insertLines(table: string, lines: string | Uint8Array): Promise<void> {
    await this.#takes('insert', table, Buffer.from(lines).toString());
  }

  async loadLines(table: string, lines: string | Iterable<Uint8Array>): Promise<void> {
    const text = typeof lines === 'string' ? lines : [...lines].map(String).join('');
    await this.#takes('load', table, text);
  }

  parquet = (): AsyncIterable<Uint8Array> => {
    throw new Error('no file is made here');
  };
  select = () => Promise.reject(new Error('no guest asks here'));
  syntaxTree = () => Promise.reject(new Error('no guest asks here'));
  close = () => Promise.resolve();

  async #takes(verb: string, table: string, lines: string): Promise<void> {
    await this.#does(`${verb} ${named(table)}`);
    this.lines.set(named(table), (this.lines.get(named(table)) ?? '') + lines);
  }

  async #does(statement: string): Promise<void> {
    await this.before(statement);
    // An answer takes a turn: a caller that does not wait for it is overtaken.
    await new Promise((resolve) => setImmediate(resolve));
    this.done.push(statement);
  }
}

/**
 * Runs `work` once for each of its statements, with that statement failing.
 *
 * @returns the statements whose failure `work` did not report
 */
export async function unnoticedFailures(
  make: () => { warehouse: ScriptedWarehouse; work: () => Promise<unknown> },
): Promise<string[]> {
  const sound = make();
  await sound.work();
  const unnoticed: string[] = [];
  for (const [index, statement] of sound.warehouse.done.entries()) {
    const { warehouse, work } = make();
    let seen = 0;
    warehouse.before = () => {
      if (seen++ === index) throw new Error(`no ${statement}`);
    };
    const failure = await work().then(
      () => null,
      (error: unknown) => error,
    );
    if (String(failure) !== `Error: no ${statement}`) unnoticed.push(statement);
  }
  return unnoticed;
}

function named(table: string): string {
  return table.replace('tollgate.', '').replaceAll('`', '');
}
