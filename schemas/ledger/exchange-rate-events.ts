/** The payload of stream `exchange_rates-tables` (see ledger-events.ts). */
import type { ExchangeRatesPublished } from '@tollgate/domain/exchange/exchange-rate-events.ts';
import { z } from 'zod';
import { currencyCode, statedRates } from '../billing/exchange-rate.ts';
import { timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName } from '../names/names.ts';
import type { PayloadsOf } from './ledger-events.ts';

export const exchangeRatePayloads = {
  ExchangeRatesPublished: z.strictObject({
    version: id,
    source: shortName,
    origin: z.enum(['published', 'fetched']),
    base: currencyCode,
    as_of: timestamp,
    valid_until: timestamp,
    rates: statedRates,
  }),
} satisfies PayloadsOf<ExchangeRatesPublished>;
