/** What the parent asks a guests' process, and what it answers. */
import type { SelectBounds, Table } from '../warehouse.ts';

export type GuestQuestion =
  /** Statements of ours, one after another. */
  | { kind: 'prepare'; statements: readonly string[] }
  | { kind: 'select'; sql: string; bounds: SelectBounds }
  | { kind: 'syntaxTree'; sql: string };

export type GuestAnswer<Question extends GuestQuestion> = Question extends { kind: 'select' }
  ? Table
  : Question extends { kind: 'syntaxTree' }
    ? string[]
    : null;

export type Asked = { id: number; question: GuestQuestion };
export type Answered = { id: number } & ({ answer: unknown } | { code: string; message: string });
