/** Whether invoices can be made as the configuration says, before anything is opened. */
import { numberFormatFault } from '@tollgate/domain/invoice/number-series.ts';
import { canonicalTimeZone } from '@tollgate/domain/period/calendar.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { canonicalLocale } from '../documents/locale-format.ts';
import { ConfigError } from './load-config.ts';

/** @throws ConfigError naming the field of a bad number format, time zone, locale, or second tax */
export function checkInvoicing({
  invoicing,
  payments,
}: Pick<TollgateConfig, 'invoicing' | 'payments'>): void {
  const isTaxedThere = payments.stripe?.automatic_tax === true;
  for (const [name, seller] of Object.entries(invoicing.sellers)) {
    const { number_format, credit_note_format, time_zone, locale, tax } = seller;
    const at = `invoicing.sellers.${name}`;
    if (isTaxedThere && tax !== null) {
      throw new ConfigError(
        `${at}.tax: payments.stripe.automatic_tax adds a tax too; leave one of the two out`,
      );
    }
    const fault = numberFormatFault(number_format);
    if (fault !== null) throw new ConfigError(`${at}.number_format: ${fault}`);
    const credited = numberFormatFault(credit_note_format);
    if (credited !== null) throw new ConfigError(`${at}.credit_note_format: ${credited}`);
    if (credit_note_format === number_format) {
      throw new ConfigError(
        `${at}.credit_note_format: the same as number_format; two documents would have one number`,
      );
    }
    if (canonicalTimeZone(time_zone) === null) {
      throw new ConfigError(`${at}.time_zone: not an IANA time zone`);
    }
    if (canonicalLocale(locale) === null) {
      throw new ConfigError(`${at}.locale: not a locale, such as de-DE`);
    }
  }
}
