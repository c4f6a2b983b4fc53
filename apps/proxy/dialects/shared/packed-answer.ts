/**
 * A compressed answer, although none was asked for: it passes as it came, and what it says is read by
 * an answer of its kind once it has ended. The chunk that states the usage cannot be taken out of it.
 */
import type { Said } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { PackedBody } from '../../relay/packed-body.ts';
import type { Answer, AnswerFault } from '../dialect.ts';

export class PackedAnswer implements Answer {
  readonly progress = 'open';
  readonly tokensSeen = 0;
  readonly #body: PackedBody;
  readonly #open: (first: Buffer) => Answer;
  readonly #isStream: boolean;
  /** What it unpacks to, once it has ended; null: that cannot be known. */
  #unread: Buffer | null | undefined;
  #readBytes = 0;
  #read: Answer | undefined;

  /** @param open an answer that reads what is packed in this one */
  constructor(body: PackedBody, isStream: boolean, open: (first: Buffer) => Answer) {
    this.#body = body;
    this.#isStream = isStream;
    this.#open = open;
  }

  /** Which of its bytes have a token in them is not known: the first ones, then. */
  get hasToken(): boolean {
    return this.#isStream;
  }

  push(chunk: Buffer): Buffer[] {
    return this.#body.push(chunk);
  }

  /** What it unpacks to is read as it would have come. */
  readOn(): boolean {
    if (this.#unread === undefined) {
      this.#unread = this.#body.unpacked();
      if (this.#unread === null) return false;
      this.#read = this.#open(this.#unread.subarray(0, READ_BYTES));
      return this.#unread.length > 0;
    }
    if (this.#unread === null) return false;
    if (this.#readBytes === this.#unread.length) return this.#read?.readOn() ?? false;
    const part = this.#unread.subarray(this.#readBytes, this.#readBytes + READ_BYTES);
    this.#read?.push(part);
    this.#readBytes += part.length;
    // What is short is read to its end at once.
    return this.#unread.length > READ_BYTES || this.#read?.readOn() === true;
  }

  end(): Buffer[] {
    return this.#body.end();
  }

  /** What unpacks it at the client's misses its end. */
  isWhole(): boolean {
    return false;
  }

  quantities(): KnownQuantities | null {
    return this.#answer()?.quantities() ?? null;
  }

  isUsageFinal(): boolean {
    return this.#answer()?.isUsageFinal() ?? false;
  }

  usageNote(): string | null {
    return this.#answer()?.usageNote() ?? null;
  }

  fault(): AnswerFault | null {
    return this.#answer()?.fault() ?? null;
  }

  refusedFor(): RefusedFor | null {
    return this.#answer()?.refusedFor() ?? null;
  }

  said(): readonly Said[] | null {
    return this.#answer()?.said() ?? null;
  }

  model(): string | null {
    return this.#answer()?.model() ?? null;
  }

  id(): string | null {
    return this.#answer()?.id() ?? null;
  }

  outputText(): string | null {
    return this.#answer()?.outputText() ?? null;
  }

  /** What it says was not put down in the form in which it is given again. */
  whole(): null {
    return null;
  }

  outputTokensMax(): number | null {
    return this.#answer()?.outputTokensMax() ?? null;
  }

  serviceTier(): string | null {
    return this.#answer()?.serviceTier?.() ?? null;
  }

  unpricedBy(): string | null {
    return this.#answer()?.unpricedBy?.() ?? null;
  }

  get states(): NonNullable<Answer['states']> {
    return this.#answer()?.states ?? STATES_NOTHING;
  }

  /** Asked for when it has ended. */
  #answer(): Answer | undefined {
    while (this.readOn());
    return this.#read;
  }
}

const STATES_NOTHING = {};

/** What is read of it at a time, bytes: as much as comes of a socket at once. */
const READ_BYTES = 64 * 1024;
