/**
 * `npm run stack`: the engines of a distributed installation, as far as they can be had without
 * Docker, on loopback until SIGTERM or SIGINT, with a configuration that names them: a real Kafka
 * broker, and a STAND-IN for EventStoreDB.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { startEventStoreStandIn } from './eventstore-stand-in/server.ts';
import { startKafka } from './kafka.ts';
import { kafkaUnavailable } from './kafka-jars.ts';

const USAGE = `Usage: npm run stack -- [options]

Starts Kafka and a stand-in for EventStoreDB on this machine, and writes a tollgate.yaml for them.

  --folder DIR    where it is written (default: a temporary one, removed at the end)
  --partitions N  partitions of the log (default 16)
  --json          print one line of JSON when all of it serves
  --help          this text
`;

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    partitions: { type: 'string', default: '16' },
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
const partitions = Number(values.partitions);
if (!Number.isInteger(partitions) || partitions < 1) {
  console.error(`--partitions: a whole number from 1 on, not ${values.partitions}`);
  process.exit(2);
}
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'tollgate-stack-'));
mkdirSync(folder, { recursive: true });
const kafka = await startKafka();
const eventStore = await startEventStoreStandIn({ dataFile: join(folder, 'eventstore.jsonl') });
const connection = join(folder, 'eventstore-connection');
writeFileSync(connection, eventStore.connectionString, { mode: 0o600 });
const config = join(folder, 'tollgate.yaml');
const log = { brokers: kafka.bootstrap, partitions, replication_factor: 1 };
const engines = {
  log: { kafka: log },
  ledger: { eventstoredb: { connection_string: { file: connection } } },
};
writeFileSync(config, stringify({ engines }));

const stop = async () => {
  await Promise.all([kafka.stop(), eventStore.stop()]);
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
};
const end = () => {
  stop().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
};
process.once('SIGTERM', end);
process.once('SIGINT', end);
if (values.json) {
  console.log(JSON.stringify({ config, engines: ['Kafka', 'a stand-in for EventStoreDB'] }));
} else {
  console.log(`Kafka ${kafka.bootstrap.join(', ')}; a STAND-IN for EventStoreDB beside it.`);
  console.log(`Run Tollgate on them: npm start -- --config ${config}. Ctrl-C ends them.`);
}
