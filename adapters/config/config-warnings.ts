/**
 * What a configuration says that is allowed and will hardly work: a base URL that leads to a 404, a
 * model or a provider whose every call is refused. Said at the start, not at the first call.
 */
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import type { PriceVersionPublished } from '@tollgate/domain/pricing/price.ts';
import {
  emptyPriceList,
  evolvePrices,
  findPrice,
  listModels,
} from '@tollgate/domain/pricing/price-list.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';

/** @param catalogue the price lists that come with Tollgate @returns sentences that name the field */
export function configWarnings(
  config: TollgateConfig,
  catalogue: readonly PriceVersionPublished['data'][],
  nowMs: number,
): string[] {
  const stated = priceListsFromOverrides(config.prices, () => 'config');
  const prices = [...catalogue, ...stated].reduce(
    (state, data) => evolvePrices(state, { data }),
    emptyPriceList(),
  );
  const warnings: string[] = [];
  for (const [name, provider] of Object.entries(config.providers)) {
    warnings.push(...baseUrlWarnings(`providers.${name}.base_url`, provider.base_url));
    const list = provider.catalogue ?? name;
    const configured = Object.values(config.models).some((model) => model.provider === name);
    if (configured || listModels(prices, list, nowMs).length > 0) continue;
    warnings.push(
      `providers.${name}: serves no model, because there is no price list ${list}: name one ` +
        'with `catalogue`, or state its `prices`',
    );
  }
  for (const [name, model] of Object.entries(config.models)) {
    const provider = config.providers[model.provider];
    if (provider === undefined || model.allow_unpriced) continue;
    const list = provider.catalogue ?? model.provider;
    const atProvider = model.model ?? name;
    if (findPrice(prices, list, atProvider, nowMs) !== null) continue;
    warnings.push(
      `models.${name}: its calls are refused, because ${atProvider} has no price in the list ` +
        `${list}: state it in \`prices\`, or set \`allow_unpriced: true\``,
    );
  }
  return warnings;
}

const CALL_PATH = /\/(chat\/completions|embeddings|models)\/*$/;

function baseUrlWarnings(field: string, baseUrl: string): string[] {
  const { pathname } = new URL(baseUrl);
  const call = CALL_PATH.exec(pathname);
  if (call !== null) {
    return [`${field}: ends in ${call[0]}, which is added to it; leave it out`];
  }
  if (/\/v\d/.test(pathname)) return [];
  const shown = baseUrl.replace(/\/+$/, '');
  return [
    `${field}: has no /v1, so calls go to ${shown}/chat/completions; most providers want ${shown}/v1`,
  ];
}
