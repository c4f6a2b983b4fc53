import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ecbRates, readEcb } from './ecb.ts';

const day = (rates: string, time = '2026-11-27') => `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01">
	<gesmes:subject>Reference rates</gesmes:subject>
	<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
	<Cube>
		<Cube time='${time}'>${rates}</Cube>
	</Cube>
</gesmes:Envelope>`;
const RATES = "<Cube currency='USD' rate='1.0876'/>\n<Cube currency='JPY' rate='162.35'/>";

describe('the reference rates of the ECB', () => {
  it('are read as they are stated, of 16:00 in Frankfurt on their day, in summer and winter', () => {
    expect(readEcb(day(RATES))).toEqual({
      base: 'EUR',
      asOfMs: Date.UTC(2026, 10, 27, 15),
      rates: [
        { currency: 'USD', rate: '1.0876' },
        { currency: 'JPY', rate: '162.35' },
      ],
    });
    expect(readEcb(day(RATES, '2026-07-01')).asOfMs).toBe(Date.UTC(2026, 6, 1, 14));
  });

  it.each([
    ['nothing', ''],
    ['a page of an error', '<html>Cube</html>'],
    ['no rates', day('')],
    ['a rate in another form', day(`${RATES}<Cube currency='GBP' rate='8,5'/>`)],
    ['a currency twice', day(RATES + RATES)],
    ['several days', day(`${RATES}</Cube><Cube time='2026-11-26'>`)],
    ['a day that does not exist', day(RATES, '2026-02-30')],
  ])('are refused where the answer is %s: no bill is made of a guess', (_, xml) => {
    expect(() => readEcb(xml)).toThrow();
  });
});

describe('asked for', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function answering(status: number, body: string, headers = {}): Promise<string> {
    server = createServer((_request, response) => response.writeHead(status, headers).end(body));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/rates.xml`;
  }
  const newest = (url: string) => ecbRates(url).newest(new AbortController().signal);

  it('they come from one place', async () => {
    expect((await newest(await answering(200, day(RATES)))).rates).toHaveLength(2);
  });

  it.each([
    ['a failure', 503, day(RATES), {}],
    ['another place', 302, day(RATES), { location: 'http://127.0.0.1:1/' }],
    ['more than rates can be', 200, day(RATES) + ' '.repeat(70_000), {}],
  ])('%s is no answer', async (_, status, body, headers) => {
    await expect(newest(await answering(status, body, headers))).rejects.toThrow();
  });
});
