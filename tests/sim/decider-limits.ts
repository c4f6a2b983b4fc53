/** Commands that change the limit of a window: by its definition, and by the end of credit. */
import { evolveAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { ModelLot } from './credit-model.ts';
import { type Command, happen, type Model, must, mustThrow, type Real } from './decider-model.ts';

type Change = {
  limit: bigint;
  revision: bigint;
  asOfMs: number | null;
  lots: readonly { given: bigint; endsMs: number }[];
};

const isoOf = (ms: number) => new Date(ms).toISOString();

export class ChangeLimit implements Command {
  readonly #change: Change;

  constructor(change: Change) {
    this.#change = change;
  }

  check(): boolean {
    return true;
  }

  /** The control plane and the proxies append limits: an older one may come after a newer one. */
  run(model: Model, real: Real): void {
    const { limit, revision } = this.#change;
    const asOfMs = this.#change.asOfMs ?? -Infinity;
    const given = model.credit.lots.length;
    const lots = this.#change.lots.map((lot, index) => ({ ...lot, id: `lot_${given + index}` }));
    if (revision > model.revision || (revision === model.revision && asOfMs >= model.asOfMs)) {
      // Of the definition as it was before, the window knows all credit.
      model.credit.change(limit, revision > model.revision ? lots : []);
      model.revision = revision;
      model.asOfMs = Math.max(asOfMs, model.asOfMs);
    }
    const data = {
      limit: formatDecimal12(limit),
      definition_revision: String(revision),
      ...(this.#change.asOfMs === null ? {} : { as_of: isoOf(asOfMs) }),
      ...(lots.length === 0 ? {} : { credit: lots.map(creditOf) }),
    };
    happen(model, real, { type: 'LimitChanged', data });
  }

  toString(): string {
    const { limit, revision, asOfMs, lots } = this.#change;
    const credit = lots.map(({ given, endsMs }) => `${given} until ${endsMs}`);
    return `limit ${limit} of revision ${revision} as of ${asOfMs} with ${credit}`;
  }
}

function creditOf({ id, given, endsMs }: Pick<ModelLot, 'id' | 'given' | 'endsMs'>) {
  return { top_up_id: id, amount: formatDecimal12(given), expires_at: isoOf(endsMs) };
}

export class EndCredit implements Command {
  readonly #which: number;

  constructor(which: number) {
    this.#which = which;
  }

  check({ credit }: Readonly<Model>): boolean {
    return credit.live().length > 0;
  }

  run(model: Model, real: Real): void {
    const { credit } = model;
    const live = credit.live();
    const { id } = live[this.#which % live.length] as ModelLot;
    const unused = credit.end(id);
    // What is gone is neither spent nor held: nobody else's part of the limit pays for it.
    const debt = credit.lots.reduce((sum, { used }) => sum - used, credit.spent - credit.plain);
    must(unused === 0n || debt <= 0n, `${unused} of ${id} could have paid a debt of ${debt}`);
    happen(model, real, expired(id, unused));
  }

  toString(): string {
    return `end credit ${this.#which}`;
  }
}

function expired(top_up_id: string, unused: bigint): BudgetWindowEvent {
  return { type: 'CreditExpired', data: { top_up_id, unused: formatDecimal12(unused) } };
}

export class EndCreditAgain implements Command {
  readonly #which: number;

  constructor(which: number) {
    this.#which = which;
  }

  check({ credit }: Readonly<Model>): boolean {
    return credit.lots.some(({ hasEnded }) => hasEnded);
  }

  run({ credit }: Model, real: Real): void {
    const ended = credit.lots.filter(({ hasEnded }) => hasEnded);
    const { id } = ended[this.#which % ended.length] as ModelLot;
    mustThrow(() => evolveAccount(real.account, expired(id, 1n)));
  }

  toString(): string {
    return `end credit ${this.#which} again`;
  }
}
