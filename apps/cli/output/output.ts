/**
 * What a command writes. Results go to standard output, everything else to standard error, so that a
 * result can be piped. With `--json` a result is one object a line, and nothing else is on standard output.
 */
import type { Paint } from './colours.ts';
import { type Column, Table } from './table.ts';
import { fitted, harmless, widthOf } from './width.ts';

/** Where a text goes. */
export type Sink = {
  write(text: string): void;
  /** Resolves once there is room again: a slow reader slows the command, not its memory. */
  drained(): Promise<void>;
  isTerminal: boolean;
  /** Columns of the terminal. */
  width: number;
  /** Lines of the terminal; undefined: it is none. */
  height?: number | undefined;
  paint: Paint;
};

export type Streams = { out: Sink; err: Sink };

/** Name and value of a line about one thing. */
export type Fact = readonly [name: string, value: string];

export class Output {
  readonly isJson: boolean;
  readonly out: Sink;
  readonly err: Sink;

  constructor({ out, err }: Streams, isJson: boolean) {
    this.out = out;
    this.err = err;
    this.isJson = isJson;
  }

  get width(): number {
    return this.out.width;
  }

  get paint(): Paint {
    return this.out.paint;
  }

  print(line: string): void {
    this.out.write(`${line}\n`);
  }

  say(line: string): void {
    this.err.write(`${line}\n`);
  }

  progress(line: string): void {
    if (!this.err.isTerminal) return this.say(line);
    this.err.write(`\r\u001b[K${fitted(harmless(line), this.err.width - 1)}`);
  }

  /** Takes away the line of progress. */
  progressEnds(): void {
    if (this.err.isTerminal) this.err.write('\r\u001b[K');
  }

  /** One thing: an object for programs, or lines for people. */
  object(value: object, show: () => void): void {
    if (this.isJson) this.print(JSON.stringify(value));
    else show();
  }

  /** Names in one column, values in the other. */
  facts(facts: readonly Fact[]): void {
    const width = Math.max(...facts.map(([name]) => widthOf(name)));
    for (const [name, value] of facts) {
      const room = Math.max(8, this.width - width - 2);
      const label = this.paint('dim', name.padEnd(width));
      this.print(`${label}  ${fitted(harmless(value), room)}`);
    }
  }

  heading(text: string): void {
    this.print('');
    this.print(this.paint('bold', text));
  }

  table<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
    if (rows.length === 0) return;
    const table = new Table(columns, rows, this.width);
    this.print(this.paint('bold', table.header()));
    for (const row of rows) this.print(table.row(row));
  }

  /**
   * A list of any length: it is written as it comes, and never held as a whole.
   *
   * @returns how many there were
   */
  async list<T extends object>(
    pages: AsyncIterable<readonly T[]>,
    columns: readonly Column<T>[],
    nothing: string,
  ): Promise<number> {
    let table: Table<T> | undefined;
    let count = 0;
    for await (const page of pages) {
      if (page.length === 0) continue;
      count += page.length;
      if (this.isJson) {
        for (const item of page) this.print(JSON.stringify(item));
      } else {
        if (table === undefined) {
          table = new Table(columns, page, this.width);
          this.print(this.paint('bold', table.header()));
        }
        for (const item of page) this.print(table.row(item));
      }
      await this.out.drained();
    }
    if (count === 0 && !this.isJson) this.say(nothing);
    return count;
  }
}
