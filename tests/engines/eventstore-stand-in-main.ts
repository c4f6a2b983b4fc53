/**
 * `node tests/engines/eventstore-stand-in-main.ts [--host H] [--port N] [--data FILE]`: the STAND-IN
 * for EventStoreDB, on loopback unless told otherwise (in a container), until SIGTERM or SIGINT; not a
 * database, for tests only. With a file,
 * an acknowledged append outlives SIGKILL. Prints one line of JSON when it serves.
 */
import { parseArgs } from 'node:util';
import { startEventStoreStandIn } from './eventstore-stand-in/server.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    data: { type: 'string' },
  },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`--port ${values.port} is no port`);
  process.exit(1);
}
const dataFile = values.data === undefined ? {} : { dataFile: values.data };
const standIn = await startEventStoreStandIn({ host: values.host, port, ...dataFile });
const stop = () => {
  standIn.stop().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
const label = 'STAND-IN for EventStoreDB, for tests only';
console.log(JSON.stringify({ label, connectionString: standIn.connectionString }));
