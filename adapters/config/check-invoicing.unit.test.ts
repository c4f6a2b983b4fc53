import { expect, it } from 'vitest';
import { checkInvoicing } from './check-invoicing.ts';
import { parseConfig } from './load-config.ts';

const ADDRESS = 'address: { line1: Street 1, city: Berlin, country: DE }';

function faultOf(sellers: Record<string, string>, more = '', rest = ''): string {
  const entries = Object.entries(sellers).map(
    ([name, members]) => `    ${name}: { legal_name: A, ${ADDRESS}${members} }\n`,
  );
  try {
    checkInvoicing(
      parseConfig('f.yaml', `invoicing:\n${more}  sellers:\n${entries.join('')}${rest}`),
    );
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

it('names the field of a seller that no invoice could be made with', () => {
  expect(faultOf({ a: '' })).toBe('none');
  expect(faultOf({ a: ', number_format: INV' })).toMatch(
    /^invoicing\.sellers\.a\.number_format: needs \{seq\}/,
  );
  expect(faultOf({ a: ', time_zone: Mars/Olympus' })).toMatch(
    /^invoicing\.sellers\.a\.time_zone: /,
  );
  expect(faultOf({ a: ', locale: no such' })).toMatch(/^invoicing\.sellers\.a\.locale: /);
  expect(faultOf({ a: ', tax: { name: VAT, rate: 19 }' })).toMatch(/tax\.rate: .*in quotes/);
  expect(faultOf({ a: ', legal_nam: B' })).toMatch(/legal_nam/);
});

it('asks which of two sellers is meant where a customer names none', () => {
  expect(faultOf({ a: '', b: '' })).toMatch(/invoicing\.default_seller: say which of a, b/);
  expect(faultOf({ a: '', b: '' }, '  default_seller: b\n')).toBe('none');
  expect(faultOf({ a: '' }, '  default_seller: c\n')).toMatch(/there is no seller c/);
});

it('refuses a tax of the seller where Stripe Tax adds one too', () => {
  const stripe = (automatic: boolean) =>
    `payments: { stripe: { secret_key: { env: K }, automatic_tax: ${automatic} } }\n`;
  const taxed = { a: ', tax: { name: VAT, rate: "19" }' };
  expect(faultOf(taxed, '', stripe(true))).toMatch(
    /^invoicing\.sellers\.a\.tax: payments\.stripe\.automatic_tax adds a tax too/,
  );
  expect(faultOf(taxed, '', stripe(false))).toBe('none');
  expect(faultOf({ a: '' }, '', stripe(true))).toBe('none');
});
