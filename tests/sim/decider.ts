/**
 * The decider of grants and the account that it decides from, against a model in plain words: any
 * sequence of what can happen to a window, legal or not. The model adds up leases by itself.
 */
import { evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { decideGrant } from '@tollgate/domain/budget/grant.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import fc from 'fast-check';
import { CreditModel } from './credit-model.ts';
import { ChangeLimit, EndCredit, EndCreditAgain } from './decider-limits.ts';
import {
  type Command,
  happen,
  type Model,
  must,
  mustThrow,
  pick,
  type Real,
} from './decider-model.ts';

const LIMIT_MAX = 10n ** 15n;
const COMMANDS_MAX = 40;

/**
 * @param sequences how many of up to 40 commands each
 * @throws Error with the shortest sequence that goes wrong
 */
export function checkDecider(sequences: number, seed?: number): void {
  const commands = fc.commands(
    [
      fc
        .record({
          limit: limits,
          revision: fc.bigInt({ min: 0n, max: 8n }),
          asOfMs: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 4 })),
          lots: fc.array(fc.record({ given: amounts, endsMs: fc.nat(5) }), { maxLength: 3 }),
        })
        .map((of) => new ChangeLimit(of)),
      fc.record({ which: fc.nat(20) }).map(({ which }) => new EndCredit(which)),
      fc.record({ which: fc.nat(20) }).map(({ which }) => new EndCreditAgain(which)),
      fc
        .record({
          ...{ free: fc.oneof(fc.constant(0n), amounts), waiting: calls, isWide: fc.boolean() },
          ahead: fc.option(fc.oneof(fc.constant(0n), amounts)),
        })
        .map((of) => new Grant(of.free, of.waiting, of.isWide, of.ahead)),
      fc
        .record({ which: fc.nat(20), share: fc.integer({ min: 0, max: 1_500 }) })
        .map((of) => new Settle(of.which, of.share)),
      fc
        .record({ which: fc.nat(20), amount: amounts })
        .map((of) => new Overrun(of.which, of.amount)),
      fc
        .record({ which: fc.nat(20), share: fc.nat(1_000) })
        .map((of) => new Reduce(of.which, of.share)),
      fc
        .record({ which: fc.nat(20), delta: fc.bigInt({ min: -LIMIT_MAX, max: LIMIT_MAX }) })
        .map((of) => new Adjust(of.which, of.delta)),
      fc.record({ which: fc.nat(20) }).map(({ which }) => new SettleAgain(which)),
      fc.record({ which: fc.nat(20) }).map(({ which }) => new GrantAgain(which)),
    ],
    { maxCommands: COMMANDS_MAX, size: 'max' },
  );
  const start = () => ({
    model: { credit: new CreditModel(), revision: -1n, asOfMs: -Infinity, granted: [] } as Model,
    real: { account: noAccount } as Real,
  });
  fc.assert(
    fc.property(commands, (sequence) => fc.modelRun(start, sequence)),
    { numRuns: sequences, ...(seed === undefined ? {} : { seed }) },
  );
}

const limits = fc.oneof(fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: LIMIT_MAX }));
const amounts = fc.oneof(fc.bigInt({ min: 1n, max: 40n }), fc.bigInt({ min: 1n, max: LIMIT_MAX }));
const calls = fc.array(amounts, { minLength: 1, maxLength: 6 });

class Grant implements Command {
  readonly #free: bigint;
  readonly #waiting: readonly bigint[];
  readonly #isWide: boolean;
  readonly #ahead: bigint | null;

  /** @param isWide amounts are parts of what is left, so that grants are likely */
  constructor(free: bigint, waiting: readonly bigint[], isWide: boolean, ahead: bigint | null) {
    this.#free = free;
    this.#waiting = waiting;
    this.#isWide = isWide;
    this.#ahead = ahead;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    const left = model.credit.available;
    const waiting = this.#waitingFor(left);
    const decision = decideGrant(real.account, this.#free, waiting, this.#ahead);
    // Of those that wait, in order, each that what is left can pay as well.
    let served = 0n;
    for (const amount of waiting) {
      if (served + amount <= left + this.#free) served += amount;
    }
    const needed = served - this.#free;
    if (decision.kind === 'exhausted') {
      return must(left <= 0n || needed <= 0n, `${needed} would have been granted of ${left}`);
    }
    const { amount } = decision;
    must(amount > 0n && amount <= left, `I3: ${amount} are granted, and ${left} are left`);
    must(needed > 0n && amount >= needed, `${amount} are granted, and ${needed} are needed`);
    const { limit } = model.credit;
    const slice = limit / 16n < left / 4n ? limit / 16n : left / 4n;
    must(amount <= (needed > slice ? needed : slice), `${amount} are more than a slice`);
    const paced = this.#ahead === null ? slice : needed + this.#ahead;
    must(amount <= (needed > paced ? needed : paced), `${amount} are more than the rate asks for`);
    const id = `lse_${model.granted.length}`;
    model.granted.push(id);
    model.credit.grant(id, amount);
    happen(model, real, granted(id, amount));
  }

  #waitingFor(left: bigint): readonly bigint[] {
    if (!this.#isWide || left <= 0n) return this.#waiting;
    return this.#waiting.map((amount) => (amount % (left + this.#free)) + 1n);
  }

  toString(): string {
    return `grant for ${this.#waiting} with ${this.#free} free${this.#isWide ? ', as parts' : ''}, ${this.#ahead} ahead`;
  }
}

function granted(lease_id: string, amount: bigint): BudgetWindowEvent {
  const data = { lease_id, instance_id: 'ins_1', amount: formatDecimal12(amount) };
  return { type: 'LeaseGranted', data };
}

class Settle implements Command {
  readonly #which: number;
  readonly #thousandths: number;

  constructor(which: number, thousandths: number) {
    this.#which = which;
    this.#thousandths = thousandths;
  }

  check({ credit }: Readonly<Model>): boolean {
    return credit.leases.size > 0;
  }

  run(model: Model, real: Real): void {
    const lease_id = pick(model, this.#which);
    const { amount = 0n, overrun = 0n } = model.credit.leases.get(lease_id) ?? {};
    const spent = (amount * BigInt(this.#thousandths)) / 1_000n + overrun;
    model.credit.settle(lease_id, spent);
    const data = { lease_id, spent: formatDecimal12(spent) };
    const isLost = this.#thousandths % 7 === 0;
    happen(
      model,
      real,
      isLost
        ? { type: 'LeaseWrittenOff', data: { ...data, reason: 'the disk is lost' } }
        : { type: 'LeaseSettled', data },
    );
  }

  toString(): string {
    return `settle ${this.#which} at ${this.#thousandths}/1000`;
  }
}

class Reduce implements Command {
  readonly #which: number;
  readonly #thousandths: number;

  constructor(which: number, thousandths: number) {
    this.#which = which;
    this.#thousandths = thousandths;
  }

  check({ credit }: Readonly<Model>): boolean {
    return credit.leases.size > 0;
  }

  run(model: Model, real: Real): void {
    const lease_id = pick(model, this.#which);
    const { amount = 0n } = model.credit.leases.get(lease_id) ?? {};
    const kept = (amount * BigInt(this.#thousandths)) / 1_000n;
    model.credit.reduce(lease_id, kept);
    happen(model, real, {
      type: 'LeaseReduced',
      data: { lease_id, amount: formatDecimal12(kept) },
    });
  }

  toString(): string {
    return `reduce ${this.#which} to ${this.#thousandths}/1000`;
  }
}

class Overrun implements Command {
  readonly #which: number;
  readonly #amount: bigint;

  constructor(which: number, amount: bigint) {
    this.#which = which;
    this.#amount = amount;
  }

  check({ granted }: Readonly<Model>): boolean {
    return granted.length > 0;
  }

  /** Of a lease that is settled, its total has it already. */
  run(model: Model, real: Real): void {
    const lease_id = model.granted[this.#which % model.granted.length] as string;
    model.credit.overrun(lease_id, this.#amount);
    const data = { lease_id, attempt_id: 'att_1', amount: formatDecimal12(this.#amount) };
    happen(model, real, { type: 'Overrun', data });
  }

  toString(): string {
    return `overrun of ${this.#which} by ${this.#amount}`;
  }
}

class Adjust implements Command {
  readonly #which: number;
  readonly #delta: bigint;

  constructor(which: number, delta: bigint) {
    this.#which = which;
    this.#delta = delta;
  }

  check({ granted }: Readonly<Model>): boolean {
    return granted.length > 0;
  }

  run(model: Model, real: Real): void {
    const lease_id = model.granted[this.#which % model.granted.length] as string;
    model.credit.adjust(this.#delta);
    const data = { lease_id, attempt_id: 'att_1', delta: formatDecimal12(this.#delta) };
    happen(model, real, { type: 'LeaseAdjusted', data });
  }

  toString(): string {
    return `adjust ${this.#which} by ${this.#delta}`;
  }
}

class SettleAgain implements Command {
  readonly #which: number;

  constructor(which: number) {
    this.#which = which;
  }

  check({ granted, credit }: Readonly<Model>): boolean {
    return granted.length > credit.leases.size;
  }

  run({ granted, credit }: Model, real: Real): void {
    const settled = granted.filter((id) => !credit.leases.has(id));
    const lease_id = settled[this.#which % settled.length] as string;
    const data = { lease_id, spent: formatDecimal12(1n) };
    mustThrow(() => evolveAccount(real.account, { type: 'LeaseSettled', data }));
  }

  toString(): string {
    return `settle ${this.#which} again`;
  }
}

class GrantAgain implements Command {
  readonly #which: number;

  constructor(which: number) {
    this.#which = which;
  }

  check({ credit }: Readonly<Model>): boolean {
    return credit.leases.size > 0;
  }

  run(model: Model, real: Real): void {
    const id = pick(model, this.#which);
    mustThrow(() => evolveAccount(real.account, granted(id, 1n)));
  }

  toString(): string {
    return `grant ${this.#which} again`;
  }
}
