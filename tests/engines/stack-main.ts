/**
 * `npm run stack`: the engines of a distributed installation, as far as they can run without
 * Docker, on loopback until SIGTERM or SIGINT, with a configuration that names them: a real Kafka
 * broker, a STAND-IN for EventStoreDB, and the real engine of ClickHouse behind an HTTP front.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kafkaUnavailable } from './kafka-jars.ts';
import { stopAtSignal } from './serve-until-signal.ts';
import { startEngines } from './stack.ts';

const USAGE = `Usage: npm run stack -- [options]

Starts Kafka, a stand-in for EventStoreDB and ClickHouse's engine behind HTTP on this machine, and
writes a tollgate.yaml for them.

  --folder DIR    where it is written (default: a temporary one, removed at the end)
  --partitions N  partitions of the log (default 16)
  --projectors N  projector processes that the file asks for (default 2)
  --json          print one line of JSON when everything is ready
  --help          this text
`;

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    partitions: { type: 'string', default: '16' },
    projectors: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const unavailable = kafkaUnavailable();
if (unavailable !== null) {
  console.error(unavailable);
  process.exit(1);
}
function count(name: 'partitions' | 'projectors'): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name}: a whole number from 1 on, not ${values[name]}`);
  process.exit(2);
}

const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'tollgate-stack-'));
const engines = await startEngines({
  folder,
  partitions: count('partitions'),
  projectors: count('projectors'),
});
const { config, brokers } = engines;

stopAtSignal(async () => {
  await engines.stop();
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
});
if (values.json) {
  const started = ['Kafka', 'a stand-in for EventStoreDB', "ClickHouse's engine behind HTTP"];
  console.log(JSON.stringify({ config, engines: started }));
} else {
  console.log(`Kafka ${brokers.join(', ')}; a STAND-IN for EventStoreDB and ClickHouse's`);
  console.log('engine behind a thin HTTP front are running.');
  console.log(`Run Tollgate on them: npm start -- --config ${config}. Ctrl-C ends them.`);
}
