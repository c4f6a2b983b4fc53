/**
 * `node tests/engines/eventstore-stand-in-main.ts [--host H] [--port N] [--data FILE]`: the
 * STAND-IN for EventStoreDB, on loopback unless told otherwise (in a container), until SIGTERM or
 * SIGINT; not a database, for tests only. With a file, an acknowledged append survives SIGKILL.
 * Prints one line of JSON when it is ready.
 */
import { parseArgs } from 'node:util';
import { startEventStoreStandIn } from './eventstore-stand-in/server.ts';
import { portOf, serveUntilSignal } from './serve-until-signal.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    data: { type: 'string' },
  },
});
const port = portOf(values.port, 'eventstore-stand-in-main.ts [--host H] [--port N] [--data FILE]');
const dataFile = values.data === undefined ? {} : { dataFile: values.data };
const standIn = await startEventStoreStandIn({ host: values.host, port, ...dataFile });
const label = 'STAND-IN for EventStoreDB, for tests only';
serveUntilSignal({ label, connectionString: standIn.connectionString }, () => standIn.stop());
