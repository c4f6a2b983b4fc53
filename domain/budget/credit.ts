/**
 * Prepaid credit that ends, lot by lot (docs/design.md, Limits that change with time). What is spent
 * is taken from the lot that ends first; what never ends (the limit itself, top-ups without an
 * expiry) comes last, and is no lot: it is what the account has beyond its lots.
 */

export type CreditLot = {
  /** Of the top-up. */
  id: string;
  expiresAtMs: number;
  /** Neither spent nor held. 1e-12 of the budget's unit. */
  left: bigint;
};

/** What a lease, or a charge, takes of a lot. */
export type LotPart = { id: string; expiresAtMs: number; amount: bigint };

/** The lots in the order in which they are spent. */
export function withLots(lots: readonly CreditLot[], more: readonly CreditLot[]): CreditLot[] {
  const known = new Set(lots.map(({ id }) => id));
  return [...lots, ...more.filter(({ id }) => !known.has(id))].sort(endsFirst);
}

function endsFirst(a: Omit<LotPart, 'amount'>, b: Omit<LotPart, 'amount'>): number {
  if (a.expiresAtMs !== b.expiresAtMs) return a.expiresAtMs - b.expiresAtMs;
  return a.id < b.id ? -1 : 1;
}

/** Takes up to `amount` of the lots: the rest is no matter of theirs. */
export function drawLots(
  lots: readonly CreditLot[],
  amount: bigint,
): { lots: CreditLot[]; parts: LotPart[]; drawn: bigint } {
  const parts: LotPart[] = [];
  let drawn = 0n;
  const after = lots.map((lot) => {
    const missing = amount - drawn;
    const part = missing < lot.left ? missing : lot.left;
    if (part <= 0n) return lot;
    parts.push({ id: lot.id, expiresAtMs: lot.expiresAtMs, amount: part });
    drawn += part;
    return { ...lot, left: lot.left - part };
  });
  return { lots: after, parts, drawn };
}

/** What a lease takes of lots, and what it takes of them more. */
export function joinParts(parts: readonly LotPart[], more: readonly LotPart[]): LotPart[] {
  const joined = new Map<string, LotPart>();
  for (const part of [...parts, ...more]) {
    const amount = (joined.get(part.id)?.amount ?? 0n) + part.amount;
    joined.set(part.id, { ...part, amount });
  }
  return [...joined.values()].sort(endsFirst);
}

/** What of them pays for the first `amount`. */
export function firstOf(parts: readonly LotPart[], amount: bigint): LotPart[] {
  const first: LotPart[] = [];
  let left = amount;
  for (const part of parts) {
    if (left <= 0n) break;
    first.push(part.amount <= left ? part : { ...part, amount: left });
    left -= part.amount;
  }
  return first;
}

/**
 * The end of a lease that was drawn from lots, in the same order. What it did not spend goes back,
 * unless the lot has ended meanwhile.
 *
 * @returns what went back to no lot: it is gone
 */
export function returnLots(
  lots: readonly CreditLot[],
  parts: readonly LotPart[],
  spent: bigint,
): { lots: CreditLot[]; gone: bigint } {
  const unspent = new Map<string, bigint>();
  let left = spent > 0n ? spent : 0n;
  for (const { id, amount } of parts) {
    const used = left < amount ? left : amount;
    left -= used;
    unspent.set(id, amount - used);
  }
  const after = lots.map((lot) => {
    const back = unspent.get(lot.id) ?? 0n;
    unspent.delete(lot.id);
    return back === 0n ? lot : { ...lot, left: lot.left + back };
  });
  // seam: returned-credit-may-have-ended
  const gone = [...unspent.values()].reduce((sum, amount) => sum + amount, 0n);
  return { lots: after, gone };
}

export function sumOf(parts: readonly { amount: bigint }[]): bigint {
  return parts.reduce((sum, { amount }) => sum + amount, 0n);
}
