/**
 * Ids of calls of tools, which have letters, digits, `_` and `-` in this dialect. Those of other providers
 * may have more (`functions.search:0`): each gets one in their place, the same each time that the
 * conversation is sent.
 */

const TAKEN = /^[a-zA-Z0-9_-]{1,64}$/;

export class CallIds {
  readonly #given = new Map<string, string>();

  of(id: string): string {
    if (TAKEN.test(id)) return id;
    let given = this.#given.get(id);
    if (given === undefined) {
      given = `call_tollgate_${this.#given.size + 1}`;
      this.#given.set(id, given);
    }
    return given;
  }
}
