/**
 * The euro reference rates of the European Central Bank: one small XML file, on working days around
 * 16:00 in Frankfurt. Read by its own short grammar, not as XML in general: what is not exactly as
 * expected is refused, since a bill is made from it.
 */
import type { RateSource, StatedRates } from './rate-source.ts';

const ECB_URL = 'https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml';

/** Thirty rates are 2 kB. */
const BYTES_MAX = 64 * 1024;
const ANSWER_MS = 10_000;

const DAY = /<Cube\s+time=(['"])(\d{4}-\d\d-\d\d)\1\s*>/g;
const RATE = /<Cube\s+currency=(['"])([A-Z]{3})\1\s+rate=(['"])(\d{1,15}(?:\.\d{1,15})?)\3\s*\/>/g;
const CUBE = /<Cube\b/g;

/** @throws Error if it is not one day's rates, and nothing else */
export function readEcb(xml: string): StatedRates {
  const days = [...xml.matchAll(DAY)];
  const rates = [...xml.matchAll(RATE)].map(([, , currency = '', , rate = '']) => ({
    currency,
    rate,
  }));
  // One Cube around all, one for the day, one for each rate: what else there is, nobody here understands.
  const cubes = [...xml.matchAll(CUBE)].length;
  const [day] = days.map(([, , date]) => date);
  if (day === undefined || days.length !== 1 || rates.length === 0 || cubes !== rates.length + 2) {
    throw new Error('the answer is not one day of reference rates');
  }
  if (new Set(rates.map(({ currency }) => currency)).size !== rates.length) {
    throw new Error('the answer states a currency twice');
  }
  const published = Temporal.PlainDate.from(day).toZonedDateTime({
    timeZone: 'Europe/Berlin',
    plainTime: '16:00',
  });
  return { base: 'EUR', asOfMs: published.epochMilliseconds, rates };
}

/** @param url another place of the same file, such as a mirror in one's own network */
export function ecbRates(url = ECB_URL): RateSource {
  return {
    name: 'ecb',
    async newest(signal) {
      const until = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
      const response = await fetch(url, { signal: until, redirect: 'error' });
      if (!response.ok || response.body === null) {
        throw new Error(`the answer is a ${response.status}`);
      }
      return readEcb(await textOf(response.body));
    },
  };
}

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new Error(`the answer has more than ${BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
