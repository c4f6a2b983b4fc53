/**
 * The Ledger port's contract on a real KurrentDB, the official image of docker-compose.yml, where
 * it can be pulled. The stand-in of the other tests must behave like it.
 */
import { openEventStoreLedger } from '@tollgate/adapters/ledger/eventstore-ledger.ts';
import { Wait } from 'testcontainers';
import { describe } from 'vitest';
import { ledgerContract } from '../contract/ledger.ts';
import { freePorts } from '../engines/free-ports.ts';
import { imageUnavailable, LoopbackContainer, officialImage } from './container-images.ts';

const PORT = 2113;
const START_TIMEOUT_MS = 120_000;

const image = officialImage('kurrentdb');
const unavailable = await imageUnavailable(image);
if (unavailable !== null) {
  console.error(`NOT TESTED: the ledger on KurrentDB in a container: ${unavailable}`);
}

describe.skipIf(unavailable !== null)('the ledger on KurrentDB in a container', () => {
  ledgerContract('KurrentDB in a container', {
    /** A server for each test: the suite's streams have fixed names. */
    async fresh() {
      const [port = 0] = await freePorts(1);
      const container = await new LoopbackContainer(image)
        .withLoopbackPort(PORT, port)
        .withEnvironment({
          KURRENTDB_INSECURE: 'true',
          KURRENTDB_CLUSTER_SIZE: '1',
          KURRENTDB_RUN_PROJECTIONS: 'None',
          KURRENTDB_MEM_DB: 'true',
        })
        .withWaitStrategy(Wait.forHttp('/health/live', PORT).forStatusCode(204))
        .withStartupTimeout(START_TIMEOUT_MS)
        .start();
      const reopen = () =>
        openEventStoreLedger({ connectionString: `esdb://127.0.0.1:${port}?tls=false` });
      const ledger = await reopen();
      return {
        ledger,
        reopen,
        async dispose() {
          await ledger.close();
          await container.stop();
        },
      };
    },
  });
});
