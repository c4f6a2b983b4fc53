/**
 * Tables that fit the terminal. What does not fit is taken from the columns that may shrink, the widest
 * first; then columns that can be missed are left out, the last first. A line is never longer than the
 * terminal.
 */
import { ELLIPSIS, fitted, harmless, padded, widthOf } from './width.ts';

export type Column<T> = {
  title: string;
  value: (row: T) => string;
  align?: 'left' | 'right';
  /** The fewest columns that still say something; default: as wide as it is. */
  min?: number;
  /** What is left of a text that is too long; default: its start. Of plain characters only. */
  keeps?: 'end';
  /** It may be left out where there is no room. */
  spare?: boolean;
  style?: (row: T, text: string) => string;
};

const GAP = '  ';
/** Of a table whose later rows are not known yet, a column is not made wider than this by the first. */
const WIDTH_MAX = 60;

type Fitted<T> = { column: Column<T>; width: number };

export class Table<T> {
  readonly #columns: readonly Fitted<T>[];

  /** @param rows those known now: later ones are cut to the widths that fit these */
  constructor(columns: readonly Column<T>[], rows: readonly T[], terminalWidth: number) {
    const natural = columns.map((column) => ({
      column,
      width: Math.min(
        WIDTH_MAX,
        Math.max(widthOf(column.title), ...rows.map((row) => widthOf(harmless(column.value(row))))),
      ),
    }));
    this.#columns = fittingColumns(natural, terminalWidth);
  }

  header(): string {
    return this.#line((column) => column.title);
  }

  row(row: T): string {
    return this.#line(
      (column) => harmless(column.value(row)),
      (column, text) => column.style?.(row, text) ?? text,
    );
  }

  #line(
    textOf: (column: Column<T>) => string,
    paint: (column: Column<T>, text: string) => string = (_column, text) => text,
  ): string {
    const last = this.#columns.length - 1;
    const cells = this.#columns.map(({ column, width }, at) => {
      const { align = 'left' } = column;
      const text = cut(textOf(column), width, column);
      // A blank at the end of a line makes some terminals wrap it.
      return paint(column, at === last && align === 'left' ? text : padded(text, width, align));
    });
    return cells.join(GAP).trimEnd();
  }
}

/** Half of a figure is another figure: one that does not fit is not shown at all. */
function cut<T>(text: string, width: number, { align, keeps }: Column<T>): string {
  if (widthOf(text) <= width) return text;
  // seam: figures-are-not-cut
  if (align === 'right') return ELLIPSIS;
  return keeps === 'end'
    ? `${ELLIPSIS}${text.slice(text.length - width + 1)}`
    : fitted(text, width);
}

function fittingColumns<T>(natural: Fitted<T>[], terminalWidth: number): Fitted<T>[] {
  const columns = natural.map((one) => ({ ...one }));
  const total = () => columns.reduce((sum, { width }) => sum + width, 0) + gaps(columns.length);
  for (;;) {
    shrink(columns, total() - terminalWidth);
    if (total() <= terminalWidth) return columns;
    const spare = columns.findLastIndex(({ column }) => column.spare === true);
    if (spare === -1) break;
    columns.splice(spare, 1);
    for (const one of columns) {
      one.width = natural.find(({ column }) => column === one.column)?.width ?? one.width;
    }
  }
  // Nothing else helps: the last ones are left out.
  while (columns.length > 1 && total() > terminalWidth) columns.pop();
  const [first] = columns;
  if (first !== undefined) first.width = Math.min(first.width, Math.max(1, terminalWidth));
  return columns;
}

const gaps = (count: number) => Math.max(0, count - 1) * GAP.length;

/** Takes so many columns, one by one, from the one that has most beyond its least. */
function shrink<T>(columns: Fitted<T>[], tooMuch: number): void {
  for (let left = tooMuch; left > 0; left--) {
    const room = ({ column, width }: Fitted<T>) => width - (column.min ?? width);
    const [widest] = columns
      .filter((one) => room(one) > 0)
      .sort((a, b) => b.width - a.width || room(b) - room(a));
    if (widest === undefined) return;
    widest.width--;
  }
}
