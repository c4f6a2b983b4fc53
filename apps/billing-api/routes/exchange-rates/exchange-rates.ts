/** /v1/exchange_rates: tables of rates, dated and versioned, that periods are closed with. */
import { exchangeRateEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import { EXCHANGE_RATES_ID } from '@tollgate/domain/exchange/exchange-rate-events.ts';
import { isBillable } from '@tollgate/domain/invoice/currency.ts';
import { formatInstant, parseInstant } from '@tollgate/domain/period/calendar.ts';
import { exchangeRatesRequest, exchangeRatesView } from '@tollgate/schemas/http/exchange-rates.ts';
import { listOf, listQuery } from '@tollgate/schemas/http/list.ts';
import { publishRates } from '../../exchange-rates/publish-rates.ts';
import { RATES_HOLD_MS } from '../../exchange-rates/rate-fetcher.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';

export const publishExchangeRates = defineRoute({
  operationId: 'publishExchangeRates',
  method: 'POST',
  path: '/v1/exchange_rates',
  tag: 'Prices',
  summary: 'Publish a table of exchange rates, by which periods in other currencies are billed',
  description:
    'A period is billed with the youngest table that was stated by its end and still holds. What is ' +
    'published is never edited: to correct a table, publish another with the same `as_of`. Bills that ' +
    'were made keep their rate.',
  body: exchangeRatesRequest,
  status: 201,
  response: exchangeRatesView,
  errors: ['concurrent_change'],
  async handler({ body, newId, timeMs }, context) {
    const { as_of, valid_until = formatInstant(parseInstant(as_of) + RATES_HOLD_MS) } = body;
    refuseUnusable({ ...body, valid_until });
    const table = { ...body, version: newId('xrt'), origin: 'published' as const, valid_until };
    const revision = await publishRates(context.ledger, table, context.limits.ledgerPageEvents);
    if (revision === null) throw new ApiProblem('concurrent_change');
    const stream = exchangeRateEvents.of(EXCHANGE_RATES_ID);
    await context.directory.sees(stream, revision, context.limits.readYourWritesMs);
    return view({ state: table, createdAtMs: timeMs, updatedAtMs: timeMs });
  },
});

/** A table that no bill would ever take is a slip, and its author is told so now. */
function refuseUnusable(table: Pick<RateTable, 'base' | 'rates' | 'as_of' | 'valid_until'>): void {
  const currencies = [table.base, ...table.rates.map(({ currency }) => currency)];
  const errors = [
    ...(table.valid_until < table.as_of
      ? [{ path: 'body.valid_until', message: `before \`as_of\`, ${table.as_of}` }]
      : []),
    ...(currencies.includes('USD')
      ? []
      : [{ path: 'body.rates', message: 'no rate of USD, in which all costs are' }]),
    ...currencies
      .filter((currency) => !isBillable(currency))
      .map((currency) => ({
        path: 'body.rates',
        message: `${currency} is not an ISO 4217 currency`,
      })),
    ...(table.rates.some(({ currency }) => currency === table.base)
      ? [{ path: 'body.rates', message: `${table.base} is the base: one is worth one` }]
      : []),
  ];
  if (errors.length > 0) throw new ApiProblem('invalid_request', { errors });
}

export const listExchangeRates = defineRoute({
  operationId: 'listExchangeRates',
  method: 'GET',
  path: '/v1/exchange_rates',
  tag: 'Prices',
  summary: 'List published tables of exchange rates, newest first, fetched ones included',
  query: listQuery,
  status: 200,
  response: listOf(exchangeRatesView),
  errors: ['cursor_unknown'],
  handler: async ({ query }, { directory }) =>
    pageOf(directory.rateTables.all(), query, ({ state }) => state.version, view),
});

function view({ state, createdAtMs }: Entity<RateTable>) {
  const { version, ...table } = state;
  return {
    object: 'exchange_rates' as const,
    id: version,
    ...table,
    created_at: formatInstant(createdAtMs),
  };
}
