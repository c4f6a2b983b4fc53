/** `npm run tollgate -- COMMAND`: what an operator does to the stores by hand. */
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { EngineMissingError } from '@tollgate/adapters/stores/open-warehouse.ts';
import { runAudit } from './audit.ts';
import { backUp } from './backup.ts';
import { rebuild } from './rebuild.ts';
import { type OpenStores, OperatorError, openStores } from './stores.ts';

const USAGE = `Usage: npm run tollgate -- COMMAND [options]

  audit      recompute from log and ledger what stands in raw rows, roll-ups, budgets, snapshots and
             invoices, and name every difference; changes nothing
  rebuild    build raw rows and roll-ups anew from the log, into fresh tables that then take the
             place of the old ones
  backup     copy what is embedded, journals, ledger, log and secrets, as all of it is at one moment;
             Tollgate may run meanwhile

  --config FILE  names the engines (default: ./tollgate.yaml if it is there)
  --data DIR     data folder (default: that of tollgate.yaml, or .tollgate)
  --to DIR       backup: a folder that is not there yet
  --batch N      rebuild: records per batch (default: the projector's own)
  --json         audit: print the differences as JSON
  --help         this text

Stop Tollgate first, but for a backup: on its folder it is noticed; on servers stop proxies and
projectors, or an audit names as different what is only on its way, and a rebuild refuses to end.
Exit code: 0 nothing to say, 1 differences, a damaged journal or a failure, 2 the command cannot run.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    data: { type: 'string' },
    to: { type: 'string' },
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

async function audit(open: () => Promise<OpenStores>): Promise<number> {
  const stores = await open();
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

async function copy(data: string): Promise<number> {
  if (values.to === undefined) return usage('--to: where does the backup go?');
  const { files, damaged } = await backUp(data, values.to);
  for (const message of damaged) console.error(message);
  if (damaged.length > 0)
    console.error('Damaged journals are copied as they are. Keep older backups.');
  console.error(`${files.length} files are in ${values.to}.`);
  return damaged.length === 0 ? 0 : 1;
}

async function build(open: () => Promise<OpenStores>): Promise<number> {
  const batch = values.batch === undefined ? undefined : Number(values.batch);
  if (batch !== undefined && !(Number.isInteger(batch) && batch > 0)) {
    usage(`--batch: a whole number above 0, not ${values.batch}`);
  }
  const stores = await open();
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
  const config = loadConfig(values.config);
  const open = () => openStores(values.data ?? config.data, config, progress);
  if (command === 'audit') process.exitCode = await audit(open);
  else if (command === 'backup') process.exitCode = await copy(values.data ?? config.data);
  else if (command === 'rebuild') process.exitCode = await build(open);
  else usage(command === undefined ? 'Name a command.' : `There is no command ${command}.`);
} catch (error) {
  const expected = [OperatorError, ConfigError, EngineMissingError].some(
    (kind) => error instanceof kind,
  );
  console.error(expected ? (error as Error).message : error);
  process.exit(expected ? 2 : 1);
}
