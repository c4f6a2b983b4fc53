import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, type Scenario, StripeHouse } from './export-house.ts';
import { CHARGED, CREDITED, METERED, NEGATIVE, TAXED, USD } from './export-scenarios.ts';
import { replay, type StripeMock, startStripeMock, stripeMockUnavailable } from './stripe-mock.ts';

const unavailable = stripeMockUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: the exporter. ${unavailable}`);

/** Each form once: what differs in ids and figures alone is one form. */
function formOf({ route, form }: StripeHouse['stripe']['requests'][number]): string {
  const names = [...new URLSearchParams(form).keys()].map((name) => name.replaceAll(/\d+/g, 'n'));
  return `${route} ${[...new Set(names)].join()}`;
}

async function requestsOf(scenario: Scenario, points: readonly number[]) {
  const requests = [];
  for (const point of points) {
    const house = await StripeHouse.open(scenario);
    if (point > 0) await house.runAndDie('run_a', point);
    // What looks for objects that may have been made comes only after a death.
    house.house.nowMs += 25 * HOUR_MS;
    await house.run('run_b');
    requests.push(...house.stripe.requests);
    await house.close();
  }
  return requests;
}

/** Every kind of credit, and one where Stripe adds the tax. */
async function requestsOfCredits(points: readonly number[]) {
  const requests = [];
  for (const example of CREDITED) requests.push(...(await requestsOf(example, points)));
  return requests;
}

describe.skipIf(unavailable !== null)('the exporter and stripe-mock', () => {
  let mock: StripeMock;
  beforeAll(async () => {
    mock = await startStripeMock();
  });
  afterAll(() => mock?.stop());

  it('no request of the exporter is refused by Stripe’s description of its API', async () => {
    const everywhere = Array.from({ length: 31 }, (_, point) => point);
    const sent = [
      ...(await requestsOf(USD, everywhere)),
      ...(await requestsOf(CHARGED, [0])),
      ...(await requestsOfCredits([0, 3, 5])),
      ...(await requestsOf(TAXED, [0])),
      ...(await requestsOf(METERED, [10])),
      ...(await requestsOf(NEGATIVE, [0, 7, 8])),
      ...(await requestsOf(
        { amounts: [5], policy: { customers: 'existing', automatic_tax: true } },
        [0],
      )),
    ];
    const forms = new Map(sent.map((request) => [formOf(request), request]));
    const refused = [];
    for (const [form, request] of forms) {
      const { status, body } = await replay(mock, request);
      if (status !== 200) refused.push({ form, body });
    }
    expect(refused).toEqual([]);
    const routes = new Set([...forms.values()].map(({ route }) => route));
    expect([...routes].toSorted()).toEqual([
      'GET /v1/billing/meters',
      'GET /v1/billing/meters/{}/event_summaries',
      'GET /v1/credit_notes',
      'GET /v1/customers',
      'GET /v1/customers/search',
      'GET /v1/customers/{}/balance_transactions',
      'GET /v1/invoices',
      'GET /v1/invoices/{}',
      'GET /v1/invoices/{}/lines',
      'POST /v1/billing/meter_events',
      'POST /v1/credit_notes',
      'POST /v1/customers',
      'POST /v1/customers/{}/balance_transactions',
      'POST /v1/invoices',
      'POST /v1/invoices/{}/add_lines',
      'POST /v1/invoices/{}/finalize',
      'POST /v1/invoices/{}/send',
      'POST /v1/invoices/{}/void',
    ]);
  });
});
