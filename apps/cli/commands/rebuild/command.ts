/** `tollgate rebuild`: builds the warehouse again from the log. */
import { type Command, UsageError } from '../../command.ts';
import { openStores } from '../../stores.ts';
import { rebuild } from './rebuild.ts';

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: `build raw rows and roll-ups again from the log, in fresh tables that then
replace the old ones`,
  options: {
    batch: {
      type: 'string',
      value: 'N',
      help: "records per batch (default: the projector's own)",
    },
  },
  async run({ config, data, values, say, progress }) {
    const batch = batchOf(values['batch']);
    const stores = await openStores(data, config, progress);
    const startMs = performance.now();
    try {
      const rows = await rebuild(stores, {
        ...(batch === undefined ? {} : { batch }),
        onProgress: (done, total) => progress(`${done} of ${total} records`),
      });
      const seconds = (performance.now() - startMs) / 1000;
      say(`Rebuilt ${rows} rows in ${seconds.toFixed(1)} s.`);
      return 0;
    } finally {
      await stores.close();
    }
  },
};

function batchOf(text: string | boolean | undefined): number | undefined {
  if (text === undefined) return undefined;
  const batch = Number(text);
  if (Number.isInteger(batch) && batch > 0) return batch;
  throw new UsageError(`--batch: a whole number above 0, not ${text}`);
}
