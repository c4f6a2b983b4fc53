import { expect, it } from 'vitest';
import { parseConfig } from './load-config.ts';
import { paymentSettings } from './payment-settings.ts';

function read(payments: string) {
  return paymentSettings(parseConfig('f.yaml', `payments: ${payments}\n`), { K: 'sk_test' });
}

it('sends usage to the meters that it names, and makes invoices unless it is told otherwise', () => {
  const meters = 'meters: { input_tokens: llm_input, cost_pico_usd: llm_cost }';
  const stripe = `stripe: { secret_key: { env: K }, ${meters} }`;
  expect(read(`{ mode: meter_events, ${stripe} }`)?.policy.meters).toEqual({
    input_tokens: 'llm_input',
    cost_pico_usd: 'llm_cost',
  });
  expect(read(`{ ${stripe} }`)?.policy).not.toHaveProperty('meters');
});

it('refuses the mode without a meter, and a quantity that there is not', () => {
  const key = 'secret_key: { env: K }';
  expect(() => read(`{ mode: meter_events, stripe: { ${key} } }`)).toThrow(
    /payments\.stripe\.meters: say which quantity goes to which meter/,
  );
  expect(() => read(`{ stripe: { ${key}, meters: { tokens_in: x } } }`)).toThrow(/tokens_in/);
});

it('takes reports of meters by a secret of their own', () => {
  const secrets = 'secret_key: { env: K }, meter_reports_secret: { env: K }';
  const settings = read(`{ stripe: { ${secrets} } }`);
  expect([settings?.webhookSecret, settings?.meterReportsSecret]).toEqual([null, 'sk_test']);
});
