/** `tollgate backup --to DIR`: copies the embedded stores as of one moment. */
import type { Command } from '../../command.ts';
import { UsageError } from '../../errors.ts';

export const backupCommand: Command = {
  name: 'backup',
  summary: 'copy journals, ledger, log and secrets as of one moment',
  detail: `So far as they are embedded. Tollgate may be running. What is in the copy makes all of it readable: encrypt
it.`,
  options: { to: { type: 'string', value: 'DIR', help: 'a folder that does not exist yet' } },
  examples: [
    { line: 'tollgate backup --to backup-of-today', help: 'into a new folder' },
    {
      line: 'tollgate backup --data .tollgate --to another-copy --json',
      help: 'for a program: which files there are, and which are damaged',
    },
  ],
  async run({ installation, values, output, say }) {
    const { to } = values;
    if (typeof to !== 'string') throw new UsageError('--to: where does the backup go?');
    const { backUp } = await import('./backup.ts');
    const { data } = await installation();
    const { files, damaged } = await backUp(data, to);
    if (output.isJson) output.object({ object: 'backup', to, files, damaged }, () => undefined);
    for (const message of damaged) say(message);
    if (damaged.length > 0) say('Damaged journals are copied as they are. Keep older backups.');
    say(`${files.length} files are in ${to}.`);
    return damaged.length === 0 ? 0 : 1;
  },
};
