/**
 * What a window's limit should be while raises end and credit expires, in plain words and kept apart
 * from the product: each lot knows what was given, used, taken by open leases, and is left.
 */
export type ModelLot = {
  id: string;
  endsMs: number;
  given: bigint;
  left: bigint;
  /** By leases that are open. */
  taken: bigint;
  /** For good. */
  used: bigint;
  hasEnded: boolean;
};

type ModelLease = {
  amount: bigint;
  overrun: bigint;
  /** Of the amount and of what was billed beyond its calls' bounds. */
  parts: Map<ModelLot, bigint>;
  /** What its calls can hold of: the lots of the amount alone, because an overrun is spent already. */
  granted: readonly ModelLot[];
};

export class CreditModel {
  /** The limit without credit that ends. */
  plain = 0n;
  spent = 0n;
  readonly lots: ModelLot[] = [];
  readonly leases = new Map<string, ModelLease>();

  /** Of credit that has ended, what was used counts, and what a running call may still use. */
  get limit(): bigint {
    return this.lots.reduce(
      (sum, { given, taken, used, hasEnded }) => sum + (hasEnded ? taken + used : given),
      this.plain,
    );
  }

  get held(): bigint {
    return [...this.leases.values()].reduce(
      (sum, { amount, overrun }) => sum + amount + overrun,
      0n,
    );
  }

  get available(): bigint {
    return this.limit - this.spent - this.held;
  }

  live(): ModelLot[] {
    return this.lots.filter(({ hasEnded }) => !hasEnded);
  }

  change(plain: bigint, added: readonly Pick<ModelLot, 'id' | 'endsMs' | 'given'>[]): void {
    this.plain = plain;
    for (const lot of added) {
      this.lots.push({ ...lot, left: lot.given, taken: 0n, used: 0n, hasEnded: false });
    }
    this.lots.sort((a, b) => a.endsMs - b.endsMs || (a.id < b.id ? -1 : 1));
    this.#payDebt();
  }

  /** @returns what was left of it */
  end(id: string): bigint {
    const lot = this.lots.find((one) => one.id === id && !one.hasEnded);
    if (lot === undefined) throw new Error(`no credit ${id} can end`);
    lot.hasEnded = true;
    return lot.left;
  }

  grant(id: string, amount: bigint): void {
    const lease: ModelLease = { amount, overrun: 0n, parts: new Map(), granted: [] };
    this.leases.set(id, lease);
    this.#take(lease, amount);
    lease.granted = [...lease.parts.keys()];
  }

  overrun(id: string, amount: bigint): void {
    const lease = this.leases.get(id);
    if (lease === undefined) return;
    lease.overrun += amount;
    this.#take(lease, amount);
  }

  settle(id: string, spent: bigint): void {
    const lease = this.leases.get(id);
    if (lease === undefined) throw new Error(`${id} is not open`);
    this.leases.delete(id);
    this.spent += spent;
    let toPay = spent;
    for (const lot of this.lots) {
      const part = lease.parts.get(lot) ?? 0n;
      const paid = toPay < part ? toPay : part;
      toPay -= paid;
      lot.taken -= part;
      lot.used += paid;
      lot.left += part - paid;
    }
    this.#use(spent - lease.amount - lease.overrun);
    this.#payDebt();
  }

  /** What it has more goes back, to those lots that it would have used last. */
  reduce(id: string, amount: bigint): void {
    const lease = this.leases.get(id);
    if (lease === undefined) throw new Error(`${id} is not open`);
    lease.amount = amount;
    let kept = amount + lease.overrun;
    for (const lot of this.lots) {
      const part = lease.parts.get(lot) ?? 0n;
      const stays = kept < part ? kept : part;
      kept -= stays;
      lot.taken -= part - stays;
      lot.left += part - stays;
      if (stays > 0n) lease.parts.set(lot, stays);
      else lease.parts.delete(lot);
    }
    this.#payDebt();
  }

  adjust(delta: bigint): void {
    this.spent += delta;
    this.#use(delta);
    this.#payDebt();
  }

  #take(lease: ModelLease, amount: bigint): void {
    for (const [lot, part] of this.#draw(amount)) {
      lot.taken += part;
      lease.parts.set(lot, (lease.parts.get(lot) ?? 0n) + part);
    }
  }

  #use(amount: bigint): void {
    for (const [lot, part] of this.#draw(amount)) lot.used += part;
  }

  /** The first to end comes first. */
  #draw(amount: bigint): [ModelLot, bigint][] {
    const drawn: [ModelLot, bigint][] = [];
    let wanted = amount;
    for (const lot of this.live()) {
      if (wanted <= 0n) break;
      const part = wanted < lot.left ? wanted : lot.left;
      lot.left -= part;
      wanted -= part;
      drawn.push([lot, part]);
    }
    return drawn;
  }

  /** What the plain limit cannot pay of what is spent. */
  #payDebt(): void {
    const paid = this.lots.reduce((sum, { used }) => sum + used, 0n);
    this.#use(this.spent - paid - this.plain);
  }
}
