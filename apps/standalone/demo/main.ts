/** `npm run demo`: the whole product in one command, with a bill that anyone can check. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { assertEqual, BUCKETS } from '@tollgate/audit/bill/figures.ts';
import type { Started } from '../platform-process.ts';
import { runRouting } from '../scenario/routing.ts';
import { runScenario, type ScenarioResult } from '../scenario/scenario.ts';
import { runStampede } from '../scenario/stampede.ts';
import { type DemoStripe, startDemoStripe } from '../scenario/stripe-bill.ts';
import { builtInShapes, traceShapes } from '../scenario/workload.ts';
import { type Stack, startStack } from './stack.ts';

const USAGE = `Usage: npm run demo -- [options]

Starts the embedded platform and the simulator, sends a workload through the official openai SDK,
kills a proxy, closes the month, exports its invoices to a fake Stripe, and compares the simulator's
bill with every figure of ours.

  --scenario S   month (default): to an invoice, as above; stampede: rounds of far more calls at once
                 than a budget can pay for, a proxy killed in half of them, no budget exceeded;
                 routing: a day of traffic over routes and a cache, and what they saved
  --calls N      calls to send (default 600; routing 1000; stampede: at once, in each round, 1000)
  --rounds N     of the stampede (default 6)
  --trace FILE   replay a CSV with columns TIMESTAMP,ContextTokens,GeneratedTokens
  --speed X      pace of the trace: 1 as recorded, 10 ten times as fast (default 0: no pauses)
  --proxies N    proxy processes behind one port (default 2; stampede: 4)
  --engines E    embedded (default) or distributed: on \`npm run stack\`, which needs Java and Maven
  --projectors N projector processes on distributed engines (default 2)
  --data DIR     data folder (default: a temporary one, removed at the end)
  --keep         leave the platform running, to explore
  --json FILE    write the figures
  --help         this text
`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'month' },
    calls: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    trace: { type: 'string' },
    speed: { type: 'string', default: '0' },
    proxies: { type: 'string' },
    engines: { type: 'string', default: 'embedded' },
    projectors: { type: 'string', default: '2' },
    data: { type: 'string' },
    keep: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  console.log(USAGE);
  process.exit(0);
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  console.error(`--${name}: a number of at least ${least}, not ${text}`);
  process.exit(2);
}

function report(result: ScenarioResult): void {
  for (const { customer, invoice } of result.invoices) {
    console.log(`\nInvoice of ${customer}`);
    console.table(
      invoice.lines.map((line) => ({
        line: line.description,
        'input tokens': line.input_tokens,
        'output tokens': line.output_tokens + line.reasoning_tokens,
        'cost USD': line.cost,
        [`amount ${invoice.currency}`]: (line.amount_minor / 100).toFixed(2),
      })),
    );
    console.log(`Total ${(invoice.total_minor / 100).toFixed(2)} ${invoice.currency}`);
  }
  const { places, calls, attempts, unknown_before_import, estimated, resolved } = result;
  const [figures] = Object.values(places);
  const tokens = BUCKETS.map((bucket) => `${bucket} ${figures?.[bucket]}`).join(', ');
  console.log(`\n${Object.keys(places).join(' = ')}`);
  console.log(`  $${figures?.cost}, ${tokens}`);
  console.log(
    `  ${calls} calls, ${attempts} attempts, ${unknown_before_import} unknown before the import, ` +
      `${estimated} estimated, ${resolved} resolved`,
  );
}

const CALLS: Readonly<Record<string, string>> = { month: '600', stampede: '1000', routing: '1000' };
const { scenario } = values;
if (!Object.hasOwn(CALLS, scenario)) {
  console.error(`--scenario: month, stampede or routing, not ${scenario}`);
  process.exit(2);
}
const calls = number('calls', values.calls ?? CALLS[scenario] ?? '', 1);
if (scenario === 'routing' && values.engines !== 'embedded') {
  console.error('--engines: the day of routing runs on embedded engines only');
  process.exit(2);
}
if (!['embedded', 'distributed'].includes(values.engines)) {
  console.error(`--engines: embedded or distributed, not ${values.engines}`);
  process.exit(2);
}
const folder = values.data ?? mkdtempSync(join(tmpdir(), 'tollgate-demo-'));
const tty = process.stderr.isTTY === true;
let shownAtMs = 0;
let stack: Stack | null = null;

function scenarioOptions(proxies: string) {
  return {
    data: folder,
    proxies: number('proxies', values.proxies ?? proxies, 1),
    ...(stack === null ? {} : { config: stack.config }),
    say: (line: string) => console.log(`${tty ? '\r\u001b[K' : ''}${line}`),
    progress(line: string) {
      if (Date.now() - shownAtMs < (tty ? 100 : 2_000)) return;
      shownAtMs = Date.now();
      process.stderr.write(tty ? `\r\u001b[K${line}` : `${line}\n`);
    },
  };
}

async function month(): Promise<void> {
  const stripe = await startDemoStripe(stack?.config);
  try {
    await monthWith(stripe);
  } finally {
    // A server that listens would keep this process from ending.
    if (!values.keep) await stripe.stop();
  }
}

async function monthWith(stripe: DemoStripe): Promise<void> {
  const options = { ...scenarioOptions('2'), config: stripe.config };
  const { platform, ...result } = await runScenario({
    ...options,
    speed: number('speed', values.speed, 0),
    shapes: values.trace === undefined ? builtInShapes(calls) : traceShapes(values.trace, calls),
  });
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const invoices = result.invoices.map(({ invoice }) => invoice);
  result.places['Stripe'] = await stripe.bill(api, platform.apiUrl, invoices);
  assertEqual(result.places);
  options.say('Invoices are in Stripe (a fake) and paid; its webhooks came twice and in reverse');
  report(result);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result, null, 2));
  await end(platform);
}

async function end(platform: Started): Promise<void> {
  if (values.keep) {
    console.log(`\nStill running: proxy ${platform.proxyUrl}/v1, API ${platform.apiUrl}/docs`);
    console.log(`Admin token ${platform.adminToken}; stop with Ctrl-C`);
    return;
  }
  await platform.stop();
  if (values.data === undefined) rmSync(folder, { recursive: true, force: true });
}

async function routing(): Promise<void> {
  const { platform, ...result } = await runRouting({ ...scenarioOptions('2'), calls });
  console.table(result.rows);
  const { calls: sent, attempts, hits, followed } = result;
  console.log(
    `${sent} calls: ${hits} from the cache, ${attempts} attempts, ${followed} calls had another one.\n` +
      'What was spent and saved is what the simulator bills for the same calls without routes and\n' +
      'cache, to the pico-dollar. The query: docs/sql.md, \u201cWhat routes and the cache saved\u201d.',
  );
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result, null, 2));
  await end(platform);
}

async function stampede(): Promise<void> {
  const rounds = number('rounds', values.rounds, 1);
  const options = { ...scenarioOptions('4'), rounds, callsPerRound: calls };
  const { rows, violations } = await runStampede(options);
  console.table(rows);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows, null, 2));
  if (violations.length > 0) throw new Error(violations.join('\n'));
  console.log('\nNo budget was exceeded in any round, by the simulator\u2019s own bill');
  if (values.data === undefined) rmSync(folder, { recursive: true, force: true });
}

try {
  if (values.engines === 'distributed') {
    stack = await startStack(number('projectors', values.projectors, 1));
    console.log(`On ${stack.engines.join(', ')}`);
  }
  await { month, stampede, routing }[scenario as 'month' | 'stampede' | 'routing']();
} catch (error) {
  console.error(`\nThe demo has failed: ${error instanceof Error ? error.message : String(error)}`);
  console.error(`Its data stays in ${folder}`);
  process.exitCode = 1;
} finally {
  if (!values.keep) await stack?.stop();
}
