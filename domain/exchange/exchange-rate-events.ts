/**
 * Stream `exchange_rates-tables`: tables of exchange rates, dated and versioned, in the order of
 * their publication. What is published is never edited: a correction is a later table.
 */
import { streamCategory } from '../stream/stream-category.ts';
import type { RateTable } from './exchange-rate.ts';

export const exchangeRateStreams = streamCategory('exchange_rates');

/** The id of the one stream: a bill asks for the best table of any source. */
export const EXCHANGE_RATES_ID = 'tables';

export type ExchangeRatesPublished = { type: 'ExchangeRatesPublished'; data: RateTable };
