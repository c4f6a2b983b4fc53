/**
 * `npm run test:rates`: calls without a pause against limits of requests and tokens a minute, over
 * several proxies and on both stores of rates, each gone for a while in the middle. Judged by the
 * simulator's own record of when it received each call. Fails if a minute is over a limit, or if a
 * whole one is not used.
 */
import { parseArgs } from 'node:util';
import { valkeyUnavailable } from '../engines/valkey.ts';
import { type Row, rowsOf } from './minutes.ts';
import { MODELS, runRates, type StoreName } from './rates-run.ts';

const USAGE = `Usage: npm run test:rates -- [options]

  --minutes N    whole minutes of calls (default 5)
  --store NAME   embedded, valkey or both (default both)
  --proxies N    proxy processes (default 4)
  --clients N    concurrent calls (default 64)
  --requests N   limit of requests per minute (default 100)
  --tokens N     limit of tokens per minute (default 10000)
  --outage S     how long the store is away in the middle, seconds (default 20; 0: it is not)
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    store: { type: 'string', default: 'both' },
    proxies: { type: 'string', default: '4' },
    clients: { type: 'string', default: '64' },
    requests: { type: 'string', default: '100' },
    tokens: { type: 'string', default: '10000' },
    outage: { type: 'string', default: '20' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const limits = { requests: Number(values.requests), tokens: Number(values.tokens) };
const unavailable = valkeyUnavailable();
let [passed, failed, skipped] = [0, 0, 0];

function show({ model, minuteMs, requests, tokens, isPartial, verdict }: Row): void {
  const minute = new Date(minuteMs).toISOString().slice(11, 16);
  const cells = [
    minute,
    model.padEnd(10),
    `${requests}`.padStart(5),
    `${tokens}`.padStart(7),
    isPartial ? 'partial' : 'whole  ',
    verdict,
  ];
  console.log(`  ${cells.join('  ')}`);
  if (verdict === 'ok') passed++;
  else failed++;
}

async function judge(store: StoreName): Promise<void> {
  console.log(`${store}: ${limits.requests} requests and ${limits.tokens} tokens a minute`);
  const { calls, load, answers } = await runRates({
    store,
    limits,
    proxies: Number(values.proxies),
    clients: Number(values.clients),
    minutes: Number(values.minutes),
    outageMs: Number(values.outage) * 1_000,
    say: (text) => console.error(`  ${text}`),
  });
  console.log('  minute  model     calls   tokens');
  for (const row of rowsOf(calls, MODELS, limits, load)) show(row);
  const counts = [...answers].toSorted(([a], [b]) => a - b);
  console.log(`  answers: ${counts.map(([status, count]) => `${count} of ${status}`).join(', ')}`);
}

for (const store of ['embedded', 'valkey'] as const) {
  if (values.store !== 'both' && values.store !== store) continue;
  if (store === 'valkey' && unavailable !== null) {
    console.error(`NOT TESTED: the rates on Valkey. ${unavailable}`);
    skipped++;
    continue;
  }
  await judge(store);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
