/** `tollgate import`: the history of another gateway, and its keys (docs/migration.md). */
import type { Command } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import type { Column } from '../../output/table.ts';
import { countText } from '../../output/values.ts';
import type { Sent } from './send-history.ts';

export const importCommand: Command = {
  name: 'import',
  summary: 'take over what another gateway knows: its calls, as history, and its keys',
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
    keys: {
      ...{ type: 'string', value: 'LIST' },
      help: 'LiteLLM’s list of keys: keys with the same limits are made, with new secrets',
    },
    secrets: {
      ...{ type: 'string', value: 'PATH' },
      help: 'gets the new secrets, readable by you alone (default: they are printed, this once)',
    },
    apply: { type: 'boolean', help: 'store it; without this, nothing changes' },
  },
  examples: [
    {
      line: 'tollgate import litellm spend-logs.jsonl --customer acme',
      help: 'what would come of LiteLLM’s spend logs; with --apply they are stored',
    },
    {
      line: 'tollgate import litellm --keys keys.json --customer acme --secrets new-keys.jsonl --apply',
      help: 'keys, teams and budgets; a second run makes none twice',
    },
    {
      line: 'tollgate import csv calls.csv --apply',
      help: 'a file that names the customer of each call',
    },
  ],
  async run(context) {
    const { words, values, output, say } = context;
    const [source = '', ...files] = words;
    const { customer, keys: keyList, secrets } = values as Record<string, string | undefined>;
    if (files.length === 0 && keyList === undefined) throw new UsageError('Name a FILE.');
    if (customer === undefined && (source !== 'csv' || keyList !== undefined)) {
      throw new UsageError('--customer: whose calls are these?');
    }
    if (keyList !== undefined && source !== 'litellm') {
      throw new UsageError('--keys: only the list of LiteLLM is read.');
    }
    const { sendHistory } = await import('./send-history.ts');
    const { importKeys } = await import('./import-keys.ts');
    const dryRun = values['apply'] !== true;
    const asked = { customer, keyList, secrets, dryRun, isLitellm: source === 'litellm' };
    const api = await context.api();
    const { keyFor, ...keys } = await importKeys(context, api, asked);
    const owner = { customer, keyFor };
    const sent: Sent[] = [];
    for (const file of files) {
      sent.push(await sendHistory(context, api, file, { source, owner, dryRun }));
    }
    const counted = keyList === undefined ? {} : { keys: keys.planned };
    output.object({ dry_run: dryRun, files: sent, ...counted }, () => output.table(columns, sent));
    const problems = sent.reduce((sum, one) => sum + one.problems, keys.problems);
    if (problems > 0) {
      say(`${countText(problems)} were left out: each is named above, up to 100 of a file.`);
    }
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
