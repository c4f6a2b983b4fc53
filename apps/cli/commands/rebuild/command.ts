/** `tollgate rebuild`: builds the warehouse again from the log. */
import type { Command, Values } from '../../command.ts';
import { UsageError } from '../../errors.ts';

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: 'build raw rows and roll-ups again from the log',
  detail: `They are made in fresh tables that then replace the old ones. Stop Tollgate first: it refuses to run on a
data folder that is in use, and to finish while a projector writes.`,
  options: {
    batch: {
      type: 'string',
      value: 'N',
      help: "records per batch (default: the projector's own)",
    },
  },
  examples: [
    { line: 'tollgate rebuild', help: 'after a backup was restored' },
    { line: 'tollgate rebuild --batch 5000', help: 'with smaller steps, where memory is short' },
  ],
  async run({ installation, output, values, say, progress }) {
    const batch = batchOf(values['batch']);
    const { openStores } = await import('../../stores.ts');
    const { rebuild } = await import('./rebuild.ts');
    const { config, data } = await installation();
    const stores = await openStores(data, config, progress);
    const startMs = performance.now();
    try {
      const rows = await rebuild(stores, {
        ...(batch === undefined ? {} : { batch }),
        onProgress: (done, total) => progress(`${done} of ${total} records`),
      });
      const seconds = (performance.now() - startMs) / 1000;
      if (output.isJson)
        output.object({ object: 'rebuild', rows: Number(rows), seconds }, () => undefined);
      say(`Rebuilt ${rows} rows in ${seconds.toFixed(1)} s.`);
      return 0;
    } finally {
      await stores.close();
    }
  },
};

function batchOf(text: Values[string]): number | undefined {
  if (text === undefined) return undefined;
  const batch = Number(text);
  if (Number.isInteger(batch) && batch > 0) return batch;
  throw new UsageError(`--batch: a whole number above 0, not ${text}`);
}
