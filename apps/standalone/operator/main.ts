/** `npm run tollgate -- COMMAND`: what an operator does to the stores by hand. */
import { parseArgs } from 'node:util';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { runAudit } from './audit.ts';
import { rebuild } from './rebuild.ts';
import { OperatorError, openStores } from './stores.ts';

const USAGE = `Usage: npm run tollgate -- COMMAND [options]

  audit      recompute from log and ledger what stands in raw rows, roll-ups, budgets, snapshots and
             invoices, and name every difference; changes nothing
  rebuild    build raw rows and roll-ups anew from the log, into fresh tables that then take the
             place of the old ones

  --data DIR   data folder (default: that of tollgate.yaml, or .tollgate)
  --batch N    rebuild: records per batch (default: the projector's own)
  --json       audit: print the differences as JSON
  --help       this text

Stop Tollgate on the folder first. Exit code: 0 nothing to say, 1 differences or a failure,
2 the command cannot run.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    batch: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [command] = positionals;

function usage(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function progress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
}

async function audit(data: string): Promise<number> {
  const stores = await openStores(data);
  try {
    const { differences, count } = await runAudit(stores, progress);
    if (values.json) console.log(JSON.stringify({ count, differences }, null, 2));
    else
      for (const { store, place, finding } of differences)
        console.log(`${store} ${place}: ${finding}`);
    if (count > differences.length) console.error(`… and ${count - differences.length} more`);
    console.error(count === 0 ? 'No differences.' : `${count} differences.`);
    return count === 0 ? 0 : 1;
  } finally {
    await stores.close();
  }
}

async function build(data: string): Promise<number> {
  const batch = values.batch === undefined ? undefined : Number(values.batch);
  if (batch !== undefined && !(Number.isInteger(batch) && batch > 0)) {
    usage(`--batch: a whole number above 0, not ${values.batch}`);
  }
  const stores = await openStores(data);
  const startMs = performance.now();
  try {
    const rows = await rebuild(stores, {
      ...(batch === undefined ? {} : { batch }),
      onProgress: (done, total) => progress(`${done} of ${total} records`),
    });
    const seconds = (performance.now() - startMs) / 1000;
    console.error(`Rebuilt ${rows} rows in ${seconds.toFixed(1)} s.`);
    return 0;
  } finally {
    await stores.close();
  }
}

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
try {
  const data = values.data ?? loadConfig(undefined).data;
  if (command === 'audit') process.exitCode = await audit(data);
  else if (command === 'rebuild') process.exitCode = await build(data);
  else usage(command === undefined ? 'Name a command.' : `There is no command ${command}.`);
} catch (error) {
  const expected = error instanceof OperatorError;
  console.error(expected ? error.message : error);
  process.exit(expected ? 2 : 1);
}
