/**
 * What an answer says of its usage, over all the places where providers put it, and in all that it says
 * one after the other. Totals do not shrink: the one that counts is not below anything that was ever
 * said (I8). What says nothing, or less, replaces nothing.
 */
import { readOpenAiUsage } from '@tollgate/domain/usage/openai-usage.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type {
  UsageClaim,
  UsageDoubt,
  UsageParts,
  UsageReading,
} from '@tollgate/domain/usage/usage-reading.ts';

type Stated = Extract<UsageReading, { kind: 'stated' }>;
type Fields = Record<string, unknown>;

type UsagePlace = { usage?: unknown } | null;
type ChoicePlaces = { usage?: unknown; delta?: UsagePlace; message?: UsagePlace };

export class StatedUsage {
  readonly #generates: boolean;
  #best: Stated | null = null;
  /** The most that was said, of each total. */
  #claim: UsageClaim = { prompt: 0, completion: 0, total: 0 };
  #said = false;
  /** Some of it was said in a choice. */
  #ofChoice = false;
  /** For good: a part of it is understood by nobody, or is in two figures. */
  #doubt: UsageDoubt | null = null;
  /** Why what was said last is no total. */
  #lastDoubt: UsageDoubt = 'usage_contradictory';

  /** @param generates false: there is no output, so a total alone is the input */
  constructor(generates: boolean) {
    this.#generates = generates;
  }

  /** Null: nothing was said, or not all of what was said is understood. */
  get quantities(): KnownQuantities | null {
    return this.#doubt === null ? (this.#best?.quantities ?? null) : null;
  }

  /** Something was said, whether or not it is understood. */
  get said(): boolean {
    return this.#said;
  }

  /** Tokens of output in the total that counts so far, reasoning included. */
  get completion(): number {
    return this.#best?.claim.completion ?? 0;
  }

  /** Why there is no total although something was said; null: there is one, or nothing was said. */
  get doubt(): UsageDoubt | null {
    if (this.#doubt !== null) return this.#doubt;
    return this.#said && this.#best === null ? this.#lastDoubt : null;
  }

  /**
   * @param fields a whole answer, or a chunk of a stream
   * @returns true if it states the total that counts, for the first time or again
   */
  readAll(fields: Fields): boolean {
    let restated = this.read(fields['usage']);
    restated = this.read(fields['usageMetadata']) || restated;
    restated = this.read(fields['usage_metadata']) || restated;
    restated = this.read((fields['x_groq'] as UsagePlace | undefined)?.usage) || restated;
    const choices = fields['choices'];
    if (!Array.isArray(choices)) return restated;
    for (const choice of choices as (ChoicePlaces | null)[]) {
      if (typeof choice !== 'object' || choice === null) continue;
      restated = this.#readOfChoice(choice.usage) || restated;
      restated = this.#readOfChoice(choice.delta?.usage) || restated;
      restated = this.#readOfChoice(choice.message?.usage) || restated;
    }
    return restated;
  }

  /** There are several answers: what was said in one of them may be its share, or the whole. */
  ofSeveralChoices(): void {
    if (this.#ofChoice) this.#doubt ??= 'usage_contradictory';
  }

  #readOfChoice(usage: unknown): boolean {
    if (usage === undefined || usage === null) return false;
    this.#ofChoice = true;
    return this.read(usage);
  }

  /** @returns as `readAll` */
  read(usage: unknown): boolean {
    if (usage === undefined || usage === null) return false;
    const reading = readOpenAiUsage(usage, this.#generates);
    if (reading.kind === 'nothing') return false;
    this.#said = true;
    const { claim } = reading;
    if (reading.kind === 'unclear') {
      // What contradicts itself may still have parts that the next total leaves out.
      if (reading.unread || reading.doubt === 'usage_contradictory') this.#doubt ??= reading.doubt;
      this.#lastDoubt = reading.doubt;
    } else if (covers(claim, this.#claim)) {
      // seam: usage-is-the-last-stated
      this.#best = this.#better(reading);
      this.#claim = claim;
      return true;
    }
    this.#claim = larger(this.#claim, claim);
    if (this.#best !== null && !covers(this.#best.claim, this.#claim)) {
      this.#best = null;
      if (reading.kind === 'stated') this.#lastDoubt = 'usage_contradictory';
    }
    return false;
  }

  /** Of two totals that hold each other, the one that says more of its parts. */
  #better(next: Stated): Stated {
    const best = this.#best;
    if (best === null) return next;
    const same = covers(best.claim, next.claim);
    let fewer = false;
    for (const part in best.parts) {
      const before = best.parts[part as keyof UsageParts] ?? 0;
      const now = next.parts[part as keyof UsageParts];
      if ((now ?? 0) >= before) continue;
      // A part that shrinks, or that a larger total leaves out, is nobody's total.
      if (now !== null || !same) this.#doubt ??= 'usage_contradictory';
      fewer = true;
    }
    return fewer ? best : next;
  }
}

function covers(total: UsageClaim, claim: UsageClaim): boolean {
  return (
    total.prompt >= claim.prompt &&
    total.completion >= claim.completion &&
    total.total >= claim.total
  );
}

function larger(a: UsageClaim, b: UsageClaim): UsageClaim {
  return {
    prompt: Math.max(a.prompt, b.prompt),
    completion: Math.max(a.completion, b.completion),
    total: Math.max(a.total, b.total),
  };
}
