/** `tollgate backup --to DIR`: copies the embedded stores as of one moment. */
import { type Command, UsageError } from '../../command.ts';
import { backUp } from './backup.ts';

export const backupCommand: Command = {
  name: 'backup',
  summary: `copy journals, ledger, log and secrets as of one moment, so far as they are
embedded; Tollgate may be running`,
  options: { to: { type: 'string', value: 'DIR', help: 'a folder that does not exist yet' } },
  async run({ data, values, say }) {
    const { to } = values;
    if (typeof to !== 'string') throw new UsageError('--to: where does the backup go?');
    const { files, damaged } = await backUp(data, to);
    for (const message of damaged) say(message);
    if (damaged.length > 0) say('Damaged journals are copied as they are. Keep older backups.');
    say(`${files.length} files are in ${to}.`);
    return damaged.length === 0 ? 0 : 1;
  },
};
