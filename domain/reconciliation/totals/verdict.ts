/** A comparison in one line, for people. */
import { picoOfAtto } from '../../money/atto.ts';
import { formatDecimal } from '../../money/money.ts';
import { divideHalfAwayFromZero } from '../../money/rounding.ts';
import type { Cause } from './cause.ts';
import type { CauseTotal, Comparison } from './comparison.ts';
import { entries } from './quantity-shares.ts';

const WORDS: Readonly<Record<Cause, string>> = {
  gap: 'calls that never passed the gateway',
  unknown_attempts: 'attempts whose usage was unknown',
  estimates: 'attempts whose usage was estimated',
  price: 'prices that differ',
  tier: 'service tiers',
  bucket_split: 'tokens counted in another bucket',
  day_boundary: 'calls near midnight',
  unpriced: 'models without a price',
  other_charges: 'charges that are for no tokens',
  rounding: 'rounding',
  undecided: 'undecided',
};

function causeText({ cause, candidates }: Pick<CauseTotal, 'cause' | 'candidates'>): string {
  if (cause !== 'undecided') return WORDS[cause];
  return candidates.map((one) => WORDS[one]).join(' or ');
}

export function verdictOf({ total, causes }: Comparison): string {
  const tokens = causes.map((one) => `${causeText(one)} ${signed(tokensOf(one))} tokens`);
  const left = total.quantities.reduce(
    (sum, { bucket, unexplained }) => sum + (isTokens(bucket) ? Math.abs(unexplained ?? 0) : 0),
    0,
  );
  if (total.theirs === null) {
    const sum = (pick: 'theirs' | 'ours') =>
      total.quantities.reduce((all, one) => all + (isTokens(one.bucket) ? (one[pick] ?? 0) : 0), 0);
    const head = `Theirs ${sum('theirs')} tokens, ours ${sum('ours')}`;
    if (sum('theirs') === sum('ours') && tokens.length === 0) return `${head}: they agree.`;
    return `${head}: ${[...tokens, `unexplained ${left} tokens`].join('; ')}.`;
  }
  const head = `Theirs ${usd(total.theirs)}, ours ${usd(total.ours)}`;
  if (total.difference === 0n && causes.length === 0) return `${head}: they agree.`;
  const money = causes.map((one) => {
    const some = tokensOf(one) === 0 ? '' : ` (${signed(tokensOf(one))} tokens)`;
    return `${causeText(one)} ${one.amount === null ? 'without a price' : usd(one.amount)}${some}`;
  });
  const rest = `unexplained ${usd(total.unexplained ?? 0n)}${left === 0 ? '' : ` (${left} tokens)`}`;
  return `${head}, difference ${usd(total.difference ?? 0n)}: ${[...money, rest].join('; ')}.`;
}

const isTokens = (name: string) => name.endsWith('_tokens');
const signed = (value: number) => (value > 0 ? `+${value}` : `${value}`);

function tokensOf({ quantities }: CauseTotal): number {
  return entries(quantities).reduce((sum, [name, v]) => sum + (isTokens(name) ? v : 0), 0);
}

/** Cents where they say it, more places where the amount is smaller than a cent. */
function usd(atto: bigint): string {
  const pico = picoOfAtto(atto);
  const size = pico < 0n ? -pico : pico;
  const places = size === 0n || size >= 10_000_000_000n ? 2 : 6;
  const rounded = divideHalfAwayFromZero(size, 10n ** BigInt(12 - places));
  return `${pico < 0n ? '-' : ''}$${formatDecimal(rounded, places)}`;
}
