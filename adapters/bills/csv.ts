/**
 * Comma-, semicolon- and tab-separated values (RFC 4180): quoted cells may hold separators, quotes and
 * line ends. Fed piece by piece, so a report of any size takes the memory of one record.
 */

/** A cell that is longer is no cell: a quote was opened and never closed. */
const CELL_MAX = 64 * 1024;
const COLUMNS_MAX = 1_000;

export type CsvRow = { line: number; cells: string[] };

export class CsvError extends Error {}

export class CsvReader {
  #separator: string | undefined;
  #cell = '';
  #cells: string[] = [];
  #quoted = false;
  /** The last character was a quote within a quoted cell: it ends the cell, or is one of a pair. */
  #quote = false;
  #line = 1;
  #startLine = 1;
  #pending = '';

  /** @returns the rows that the piece completes. @throws CsvError */
  push(piece: string): CsvRow[] {
    const rows: CsvRow[] = [];
    const text = this.#afterHeader(piece);
    for (let at = 0; at < text.length; at++) {
      const end = this.#plainEnd(text, at);
      if (end > at) this.#add(text.slice(at, end));
      if (end < text.length) this.#take(text[end] as string, rows);
      at = end;
    }
    return rows;
  }

  /** Where a run of characters ends that only belong to the cell: reports have gigabytes of them. */
  #plainEnd(text: string, from: number): number {
    if (this.#quote) return from;
    const separator = this.#separator?.charCodeAt(0);
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === separator || code === 10 || code === 13 || code === 34) return at;
    }
    return text.length;
  }

  /** Nothing until the header has told what separates its columns; then all that came so far. */
  #afterHeader(piece: string): string {
    if (this.#separator !== undefined) return piece;
    this.#pending += piece;
    const end = this.#pending.indexOf('\n');
    if (end < 0 && this.#pending.length <= CELL_MAX) return '';
    this.#separator = separatorOf(end < 0 ? this.#pending : this.#pending.slice(0, end));
    return this.#pending.replace(/^\uFEFF/, '');
  }

  /** @returns the last row, if the file did not end in a line end. @throws CsvError */
  end(): CsvRow[] {
    const rows: CsvRow[] = [];
    if (this.#separator === undefined && this.#pending !== '') rows.push(...this.push('\n'));
    if (this.#quoted && !this.#quote) {
      throw new CsvError(`line ${this.#startLine}: a quoted cell is never closed`);
    }
    if (this.#cell !== '' || this.#cells.length > 0) this.#endRow(rows);
    return rows;
  }

  #take(character: string, rows: CsvRow[]): void {
    if (character === '\n') this.#line++;
    if (this.#quoted && !this.#quote) {
      if (character === '"') this.#quote = true;
      else this.#add(character);
      return;
    }
    if (this.#quote && character === '"') {
      this.#quote = false;
      return this.#add(character);
    }
    if (character === this.#separator) return this.#endCell();
    if (character === '\n') return this.#endRow(rows);
    if (character === '\r') return;
    if (character === '"' && this.#cell === '' && !this.#quoted) {
      this.#quoted = true;
      return;
    }
    this.#add(character);
  }

  #add(character: string): void {
    this.#cell += character;
    if (this.#cell.length > CELL_MAX) {
      throw new CsvError(`line ${this.#startLine}: a cell of more than ${CELL_MAX} characters`);
    }
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = '';
    this.#quoted = false;
    this.#quote = false;
    if (this.#cells.length > COLUMNS_MAX) {
      throw new CsvError(`line ${this.#startLine}: more than ${COLUMNS_MAX} columns`);
    }
  }

  #endRow(rows: CsvRow[]): void {
    this.#endCell();
    const cells = this.#cells;
    this.#cells = [];
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: this.#startLine, cells });
    this.#startLine = this.#line;
  }
}

/** Of those that spreadsheets write, the one that the header has most of. */
function separatorOf(header: string): string {
  const counted = [',', ';', '\t'].map((one) => [one, header.split(one).length] as const);
  return counted.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
