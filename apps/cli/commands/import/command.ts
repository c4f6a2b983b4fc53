/** `tollgate import`: the history of another gateway, and its keys (docs/migration.md). */
import type { Command } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import type { Column } from '../../output/table.ts';
import { countText } from '../../output/values.ts';
import type { Sent } from './send-history.ts';

export const importCommand: Command = {
  name: 'import',
  summary: 'take over what another gateway knows: its log of calls, as history',
  detail: `History is shown next to your own usage (\`tollgate usage --history\`), with the costs that the other
gateway stated, and is never billed. By default nothing is stored: the files are read and judged, and you see what
would come of them. With --apply it is stored; the same file twice adds nothing. docs/migration.md has the forms
of the files.`,
  parameters: [
    {
      ...{ name: 'SOURCE', help: 'whose form the files have' },
      oneOf: ['litellm', 'portkey', 'csv'],
    },
    { name: 'FILE', help: 'a log, as CSV, JSON or lines of JSON', many: true, optional: true },
  ],
  options: {
    customer: { type: 'string', value: 'CUSTOMER', help: 'whose all of it is: id or external id' },
    apply: { type: 'boolean', help: 'store it; without this, nothing changes' },
  },
  examples: [
    {
      line: 'tollgate import litellm spend-logs.jsonl --customer acme',
      help: 'what would come of LiteLLM’s spend logs; with --apply they are stored',
    },
    {
      line: 'tollgate import csv calls.csv --apply',
      help: 'a file that names the customer of each call',
    },
  ],
  async run(context) {
    const { words, values, output, say } = context;
    const [source = '', ...files] = words;
    const { customer } = values as { customer?: string };
    if (files.length === 0) throw new UsageError('Name a FILE.');
    if (customer === undefined && source !== 'csv') {
      throw new UsageError('--customer: whose calls are these?');
    }
    const { sendHistory } = await import('./send-history.ts');
    const api = await context.api();
    const dryRun = values['apply'] !== true;
    const owner = { customer, keyFor: () => undefined };
    const sent: Sent[] = [];
    for (const file of files)
      sent.push(await sendHistory(context, api, file, { source, owner, dryRun }));
    output.object({ dry_run: dryRun, files: sent }, () => output.table(columns, sent));
    const problems = sent.reduce((sum, one) => sum + one.problems, 0);
    if (problems > 0)
      say(
        `${countText(problems)} records were left out: each is named above, up to 100 of a file.`,
      );
    if (dryRun) say('Nothing was stored: --apply does it.');
    return problems === 0 ? 0 : 1;
  },
};

const columns: Column<Sent>[] = [
  { title: 'file', value: ({ file }) => file, min: 12 },
  { title: 'records', value: ({ records }) => countText(records), align: 'right' },
  { title: 'taken', value: ({ accepted }) => countText(accepted), align: 'right' },
  { title: 'left out', value: ({ problems }) => countText(problems), align: 'right' },
];
