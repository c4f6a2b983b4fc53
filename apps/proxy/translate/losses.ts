/**
 * What of a request cannot be said in another dialect. It is refused by its name, and never dropped in
 * silence; hints that change nothing of what is answered are left out, and the answer's head names them.
 */
import type { Refusal } from '../errors.ts';

/** A member's name is the client's, and may be as long as its request. */
const FIELD_LENGTH_MAX = 200;
/** Named in one header: more than these say no more. */
const LEFT_OUT_MAX = 32;

export class Losses {
  readonly #leftOut = new Set<string>();
  #refusal: Refusal | null = null;

  /** @param field the client's name for it @param why ends a sentence that begins with the field */
  refuse(field: string, why = 'has no counterpart there'): void {
    const param = field.slice(0, FIELD_LENGTH_MAX);
    this.#refusal ??= {
      code: 'not_translatable',
      param,
      message: `This model is served through another API here, and \`${param}\` ${why}.`,
    };
  }

  /** @param field a hint */
  leaveOut(field: string): void {
    if (this.#leftOut.size < LEFT_OUT_MAX) this.#leftOut.add(field);
  }

  /** Says another thing than that a field is lost. */
  fail(refusal: Refusal): void {
    this.#refusal ??= refusal;
  }

  get refusal(): Refusal | null {
    return this.#refusal;
  }

  get leftOut(): readonly string[] {
    return [...this.#leftOut];
  }
}

/** Names of members, and what becomes of each. `read` ones are read; a `hint` is left out by its name. */
export type KnownMembers = {
  read: ReadonlySet<string>;
  hints?: ReadonlySet<string>;
  /** Values with which a member says nothing. */
  defaults?: Readonly<Record<string, readonly unknown[]>>;
};

/** Refuses members of an object that nobody knows. @param at in front of their names */
export function checkMembers(
  object: Readonly<Record<string, unknown>>,
  { read, hints, defaults }: KnownMembers,
  at: string,
  losses: Losses,
): void {
  for (const name in object) {
    const value = object[name];
    if (read.has(name) || value === null || value === undefined) continue;
    if (defaults?.[name]?.includes(value) === true) continue;
    const field = at === '' ? name : `${at}.${name}`;
    if (hints?.has(name) === true) losses.leaveOut(name);
    else losses.refuse(field);
  }
}
