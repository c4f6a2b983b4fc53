/**
 * The schema, step by step: literal SQL in `migrations/`, which no change of code can alter. A file
 * that was released is never edited: warehouses that have taken it would differ from new ones. A test
 * holds each to its digest (migrations.unit.test.ts); what changes is a further step.
 */
import { readFileSync } from 'node:fs';

export type Migration = {
  /** As it is recorded in `tollgate.migration`, next to the step's number. */
  name: string;
  /** Each can run again. */
  statements: readonly string[];
};

/** In the order of their numbers, which are their places in this list. */
const STEPS = [
  {
    name: 'raw rows, roll-ups, fence, seam and the public views',
    file: '0001-raw-rows-roll-ups-fence-seam-and-views.sql',
  },
  // Not one file for each column and its marks, each of which is synced: that was a tenth to a sixth
  // of the projector's CPU time. Merged parts are larger, and are read by column as ever.
  { name: 'parts up to 200 MB in one file each', file: '0002-parts-in-one-file.sql' },
  // Its buckets were quarters of an hour from the start. The old name stays for its readers.
  {
    name: 'usage_quarter_hourly, the true name of usage_hourly',
    file: '0003-sums-by-quarter-hour.sql',
  },
  { name: 'the output limit that the gateway set', file: '0004-output-limit.sql' },
  { name: 'spend of budgets in every unit', file: '0005-spend-by-unit.sql' },
  { name: 'whether a budget clamped the output limit', file: '0006-output-clamped.sql' },
  // And the spend of budgets with what resolutions say, as the ledger has it.
  {
    name: 'which limit refused a call, and what each attempt charged to budgets',
    file: '0007-refusals-and-budget-charges.sql',
  },
  // And budgets are charged for hits that have a cost.
  { name: 'what hits of the cache saved', file: '0008-what-the-cache-saved.sql' },
  { name: 'how much guardrails replaced in the request', file: '0009-redactions.sql' },
  { name: 'how near the question of a semantic hit was', file: '0010-how-near-a-question-was.sql' },
  // And budgets of tokens count those of them that are tokens.
  {
    name: 'writes for an hour, tokens of pictures, searches, audio and characters',
    file: '0011-what-else-is-billed.sql',
  },
];

export const migrations: readonly Migration[] = STEPS.map(({ name, file }) => {
  const text = readFileSync(new URL(`./migrations/${file}`, import.meta.url), 'utf8');
  return { name, statements: text.replace(/\n$/, '').split('\n;\n') };
});
