/**
 * A JSON answer's bytes: held whole, so that its headers can carry the cost; one that outgrows the bound
 * streams through. Only small ones are parsed: in others the members that a dialect wants are looked for
 * as they come.
 */
import { HeldBody } from '../../relay/held-body.ts';
import { JsonMembers } from '../../relay/json-members.ts';
import { JsonReader, jsonText } from '../../relay/json-text.ts';
import type { AnswerLimits } from '../dialect.ts';

export type Fields = Record<string, unknown>;

/** What its bytes are. `other`: no JSON object; its text. */
export type HeldReading =
  | { kind: 'object'; fields: Fields }
  | { kind: 'members'; found: readonly { name: string; value: unknown }[] }
  | { kind: 'other'; text: string };

export class HeldJson {
  readonly #limits: AnswerLimits;
  readonly #wanted: ReadonlySet<string>;
  readonly #body: HeldBody;
  /** Of a body that is not parsed whole. */
  #members: JsonMembers | undefined;

  /** @param wanted names of members at the top that are looked for in a large one */
  constructor(limits: AnswerLimits, wanted: ReadonlySet<string>) {
    this.#limits = limits;
    this.#wanted = wanted;
    this.#body = new HeldBody(limits.heldAnswerBytesMax, limits.answerTailBytes);
  }

  /** One that ends as an object does may have come to its end. */
  get progress(): 'open' | 'perhaps' {
    return this.#body.endsLikeJson ? 'perhaps' : 'open';
  }

  isWhole(): boolean {
    return this.#members?.isWhole ?? this.#body.isClosedJson();
  }

  push(chunk: Buffer): Buffer[] {
    const passed = this.#body.push(chunk);
    if (this.#members !== undefined) {
      this.#members.push(chunk);
      return passed;
    }
    if (this.#body.length <= this.#limits.parsedAnswerBytesMax && this.#body.isWhole) return passed;
    this.#members = new JsonMembers(this.#wanted, this.#limits.answerTailBytes);
    for (const bytes of passed) this.#members.push(bytes);
    for (const bytes of this.#body.end()) this.#members.push(bytes);
    return passed;
  }

  end(): Buffer[] {
    return this.#body.end();
  }

  bytes(): Buffer {
    return this.#body.bytes();
  }

  /** Asked for once, when nothing more comes. */
  read(): HeldReading {
    if (this.#members !== undefined) return { kind: 'members', found: this.#members.found() };
    const text = jsonText(this.#body.bytes());
    let json: unknown;
    try {
      json = new JsonReader().parse(text);
    } catch {
      return { kind: 'other', text };
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      return { kind: 'members', found: [] };
    }
    return { kind: 'object', fields: json as Fields };
  }
}
