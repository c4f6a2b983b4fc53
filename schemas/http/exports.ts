/** Parameters of downloads. */
import { z } from 'zod';
import { shortName } from '../names/names.ts';

export const csvQuery = z.strictObject({
  escape: z
    .enum(['formulas', 'none'])
    .default('formulas')
    .meta({
      description:
        'A text that a spreadsheet would take for a formula begins with an apostrophe; `none` leaves ' +
        'texts as they are, for programs.',
    }),
});

export const eventsQuery = csvQuery.extend({
  after: z
    .string()
    .regex(/^\d{1,15}\.\d{1,10}\.\d{1,10}\.\d{1,20}$/)
    .optional()
    .meta({ description: 'Go on behind the event of this `position`, without a header.' }),
});

export const focusQuery = csvQuery.extend({
  issuer: shortName.default('Tollgate').meta({
    description: '`InvoiceIssuerName` and `ProviderName`: who runs this installation, and bills.',
  }),
});
