/** Bodies of /v1/exchange_rates. */
import { z } from 'zod';
import { currencyCode, statedRates } from '../billing/exchange-rate.ts';
import { timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName } from '../names/names.ts';
import { instantOrDateUtc } from '../time/instant.ts';

export const exchangeRatesRequest = z.strictObject({
  source: shortName.meta({
    description: 'Who states the rates; it is on every bill made with them.',
  }),
  base: currencyCode.default('USD'),
  as_of: instantOrDateUtc.meta({
    description: 'When they were stated: for periods that end at that instant or later.',
  }),
  valid_until: instantOrDateUtc.optional().meta({
    description: 'The last instant that they hold for. Default: seven days after `as_of`.',
  }),
  rates: statedRates,
});

export const exchangeRatesView = z.strictObject({
  object: z.literal('exchange_rates'),
  id,
  source: shortName,
  origin: z.enum(['published', 'fetched']),
  base: currencyCode,
  as_of: timestamp,
  valid_until: timestamp,
  rates: statedRates,
  created_at: timestamp,
});
