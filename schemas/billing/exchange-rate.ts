/** The only definition of exchange rates on the wire: as bills state them, and as they are published. */
import type { ExchangeRate } from '@tollgate/domain/exchange/exchange-rate.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName } from '../names/names.ts';

export const currencyCode = z.string().regex(/^[A-Z]{3}$/);

const positiveInteger = z.string().regex(/^[1-9]\d{0,59}$/);

export const exchangeRate = z.strictObject({
  base: currencyCode,
  quote: currencyCode,
  numerator: positiveInteger,
  denominator: positiveInteger,
  source: shortName,
  as_of: timestamp,
  version: id,
}) satisfies z.ZodType<ExchangeRate>;

/** Above 0; 15 digits before the point and 15 behind it, as `domain/exchange` reads it. */
const RATE = /^(?!0+(?:\.0+)?$)(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;

/** More than ISO 4217 has. */
const RATES_MAX = 300;

export const statedRates = z
  .array(
    z.strictObject({
      currency: currencyCode,
      rate: z.string().regex(RATE).meta({
        description: 'Decimal text with up to 15 places: units of it for one of `base`.',
      }),
    }),
  )
  .min(1)
  .max(RATES_MAX)
  .refine((rates) => new Set(rates.map(({ currency }) => currency)).size === rates.length, {
    message: 'a currency is there twice',
  });
