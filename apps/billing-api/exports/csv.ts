/**
 * CSV by RFC 4180: fields in quotes where they need them, lines that end in CRLF, a header line. A text
 * that a spreadsheet would take for a formula begins with an apostrophe, and so does one that begins with
 * an apostrophe itself, so that a program can take the first one off and has what was there.
 */

/** @param FORMULA as OWASP lists them, their full-width forms too: some spreadsheets read those alike */
const FORMULA = /^[=+\-@\t\r\n'＝＋－＠]/;

const NEEDS_QUOTES = /[",\r\n]/;

export type Column<R> = {
  name: string;
  /** Null: the field is empty. A number is written as it is; a text may need its apostrophe. */
  value(row: R): string | number | null;
  /** Its texts are ours: digits, ids of ours, times. They are never formulas. */
  isPlain?: boolean;
};

export function headerLine<R>(columns: readonly Column<R>[]): string {
  return lineOf(columns.map(({ name }) => name));
}

/** @param rows in order. @param asIs leaves the apostrophes out, for a program that knows what it reads */
export function csvLines<R>(
  columns: readonly Column<R>[],
  rows: Iterable<R>,
  asIs: boolean,
): string {
  let text = '';
  for (const row of rows) {
    text += lineOf(columns.map((column) => fieldOf(column, row, asIs)));
  }
  return text;
}

function fieldOf<R>({ value, isPlain }: Column<R>, row: R, asIs: boolean): string {
  const given = value(row);
  if (given === null) return '';
  if (typeof given === 'number') return String(given);
  // seam: csv-formulas
  return isPlain === true || asIs || !FORMULA.test(given) ? given : `'${given}`;
}

function lineOf(fields: readonly string[]): string {
  return `${fields.map(quoted).join(',')}\r\n`;
}

function quoted(field: string): string {
  return NEEDS_QUOTES.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
