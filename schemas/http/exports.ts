/** Parameters of downloads. */
import { z } from 'zod';

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
