/** `exchange_rates` of tollgate.yaml: who is asked for rates, besides those that are published. */
import { z } from 'zod';

export const exchangeRates = z.strictObject({
  /** `ecb`: the euro reference rates of the European Central Bank, on its working days. */
  fetch: z.literal('ecb', { error: 'write ecb, or leave `exchange_rates` out' }),
  /** Where the file is instead, such as a mirror in one's own network. */
  url: z
    .url({ protocol: /^https?$/, error: 'write an http or https URL of the XML file' })
    .optional(),
});
