/**
 * Stripe's search, with its delay: what was written is found "in less than a minute", and not at once.
 * So a writer that looks there for what it has just made does not find it.
 */
import type { StripeClock } from '../clock.ts';
import { invalid } from '../wire/stripe-error.ts';

type Document = { readonly [member: string]: unknown };
type Clause = {
  readonly path: readonly string[];
  readonly operator: string;
  readonly value: string;
  readonly negated: boolean;
};

export class SearchIndex {
  readonly #clock: StripeClock;
  #delayMs: number;
  readonly #documents = new Map<string, Document>();
  #pending: { readonly dueMs: number; readonly id: string; readonly document: Document | null }[] =
    [];

  constructor(clock: StripeClock, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** As in an incident of Stripe's, where the index lags by up to an hour. */
  delayBy(ms: number): void {
    this.#delayMs = ms;
  }

  /** `null` when the object is gone. */
  put(id: string, document: Document | null): void {
    this.#pending.push({ dueMs: this.#clock.nowMs() + this.#delayMs, id, document });
  }

  /** Ids of one kind, newest first. */
  find(object: string, query: string, fields: readonly string[]): string[] {
    this.#catchUp();
    const { clauses, any } = parseQuery(query, fields);
    const found = [...this.#documents].filter(([, document]) => {
      if (document['object'] !== object) return false;
      const hits = (clause: Clause): boolean => matches(document, clause);
      return any ? clauses.some(hits) : clauses.every(hits);
    });
    return found
      .map(([id]) => id)
      .sort()
      .reverse();
  }

  #catchUp(): void {
    const now = this.#clock.nowMs();
    const due = this.#pending.filter((entry) => entry.dueMs <= now);
    this.#pending = this.#pending.filter((entry) => entry.dueMs > now);
    for (const { id, document } of due) {
      if (document === null) this.#documents.delete(id);
      else this.#documents.set(id, document);
    }
  }
}

/** `metadata['order']:'6735' AND -status:'void'`; AND and OR are not mixed. */
function parseQuery(query: string, fields: readonly string[]): { clauses: Clause[]; any: boolean } {
  const clause =
    /\s*(-?)([a-z_]+)(?:\[(["'])((?:(?!\3).)*)\3\])?\s*(:|~|>=|<=|>|<)\s*(?:(["'])((?:\\.|(?!\6).)*)\6|(null|\d+))/y;
  const clauses: Clause[] = [];
  const joins = new Set<string>();
  for (;;) {
    const match = clause.exec(query);
    const [, minus, name = '', , key, operator = '', , quoted, bare = ''] = match ?? [];
    if (match === null || !fields.includes(name)) {
      const known = fields.map((field) => `\`${field}\``).join(', ');
      throw invalid(
        `We were unable to parse your search query. Fields: ${known}.`,
        undefined,
        'query',
      );
    }
    const path = key === undefined ? [name] : [name, key];
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? bare;
    clauses.push({ path, operator, value, negated: minus === '-' });
    const end = clause.lastIndex;
    const join = /\s+(AND|OR|and|or)\s+|\s+(?=\S)|\s*$/y;
    join.lastIndex = end;
    const joined = join.exec(query);
    if (joined === null)
      throw invalid('We were unable to parse your search query.', undefined, 'query');
    if (join.lastIndex >= query.length) break;
    joins.add((joined[1] ?? 'AND').toUpperCase());
    clause.lastIndex = join.lastIndex;
  }
  if (joins.size > 1)
    throw invalid('You cannot combine AND and OR in a search query.', undefined, 'query');
  return { clauses, any: joins.has('OR') };
}

function matches(document: Document, { path, operator, value, negated }: Clause): boolean {
  let member: unknown = document;
  for (const name of path) member = (member as Document | null)?.[name];
  return compare(member, operator, value) !== negated;
}

function compare(member: unknown, operator: string, value: string): boolean {
  if (value === 'null') return member === null || member === undefined;
  if (member === null || member === undefined) return false;
  switch (operator) {
    case ':':
      return String(member).toLowerCase() === value.toLowerCase();
    case '~':
      return String(member).toLowerCase().includes(value.toLowerCase());
    case '>':
      return Number(member) > Number(value);
    case '<':
      return Number(member) < Number(value);
    case '>=':
      return Number(member) >= Number(value);
    default:
      return Number(member) <= Number(value);
  }
}
