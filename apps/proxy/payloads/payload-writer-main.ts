/** The thread that redacts payloads and writes them: one batch, one answer; what fails ends it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { PayloadSettings } from '@tollgate/adapters/config/payload-settings.ts';
import { PayloadFile } from '@tollgate/adapters/payloads/payload-file.ts';
import { Redactor } from '@tollgate/adapters/payloads/redactor.ts';
import type { PayloadAnswer, PayloadOrder } from './payload-log.ts';

const { path, limits, patterns } = workerData as PayloadSettings;
const redactor = new Redactor(patterns);
const file = new PayloadFile(path, limits);

parentPort?.on('message', ({ payloads }: PayloadOrder) => {
  file.putAll(
    payloads.map((payload) => redactor.payload(payload)),
    Date.now(),
  );
  parentPort?.postMessage({ stored: payloads.length } satisfies PayloadAnswer);
});
