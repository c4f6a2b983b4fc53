/** What another version of the price catalogue says otherwise, line by line, for who decides to take it. */
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { PricedModel, PriceVersionPublished } from '@tollgate/domain/pricing/price.ts';

type Lists = readonly Pick<PriceVersionPublished['data'], 'provider' | 'models'>[];

/** @returns lines in the order of providers and models; none: both say the same */
export function catalogueChanges(before: Lists, after: Lists): string[] {
  const [old, recent] = [byName(before), byName(after)];
  const names = [...new Set([...old.keys(), ...recent.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [old.get(name), recent.get(name)];
    if (was === undefined) return [`+ ${name}: ${pricesOf(is as PricedModel)}`];
    if (is === undefined) return [`- ${name}: ${pricesOf(was)}`];
    const [from, to] = [pricesOf(was), pricesOf(is)];
    const lines = from === to ? [] : [`~ ${name}: ${from} -> ${to}`];
    const isSameName = JSON.stringify(was.match) === JSON.stringify(is.match);
    if (!isSameName) lines.push(`~ ${name}: other names are taken for it`);
    if (was.context_window !== is.context_window) {
      lines.push(`~ ${name}: context ${was.context_window} -> ${is.context_window}`);
    }
    return lines;
  });
}

function byName(lists: Lists): Map<string, PricedModel> {
  return new Map(
    lists.flatMap(({ provider, models }) =>
      models.map((model): [string, PricedModel] => [`${provider}/${model.model}`, model]),
    ),
  );
}

/** In dollars per million, as lists have them. */
function pricesOf({ prices }: PricedModel): string {
  if (prices.length === 0) return 'no price';
  return prices
    .map(({ from, daily, price }) => {
      const units = Object.entries(price).map(([unit, tiers]) => {
        const steps = tiers.map(({ from_input_tokens: at, pico_usd_per_million: pico }) => {
          const usd = formatDecimal12(BigInt(pico)).replace(/\.?0+$/, '');
          return at === 0 ? usd : `${usd} from ${at}`;
        });
        return `${unit} ${steps.join(', ')}`;
      });
      const when = [
        ...(from === null ? [] : [`from ${from.slice(0, 10)}`]),
        ...(daily === null ? [] : [`${daily.start} to ${daily.end}`]),
      ];
      return [...when, ...units].join('; ');
    })
    .join(' | ');
}
